"""How the dashboard is started: the command line that `ringsight serve` runs as a child."""

import sys
from pathlib import Path
from typing import Final

APP: Final = Path(__file__).with_name("app.py")


def command(port: int, *, address: str = "127.0.0.1") -> list[str]:
    """The argument list that serves the dashboard at `address`:`port`.

    All other settings are in dashboard/.streamlit/config.toml, which Streamlit reads because it lies beside the app.
    The child reads RINGSIGHT_API_URL and RINGSIGHT_API_KEY (or RINGSIGHT_API_KEY_FILE) from its environment.
    """
    flags = {"server.port": port, "server.address": address, "browser.serverAddress": address}
    return [sys.executable, "-m", "streamlit", "run", str(APP), *(f"--{name}={value}" for name, value in flags.items())]
