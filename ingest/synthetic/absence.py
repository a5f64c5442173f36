"""Which fields of which applications are empty: a hash of the row alone, known while the book is being woven."""

from hashlib import blake2b
from typing import Final

from ingest.synthetic.pools import Ints, Mask, hashed

MISSING: Final[dict[str, float]] = {
    "name": 0.001, "national_id": 0.006, "birth_date": 0.02, "phone.1": 0.01, "email": 0.45, "address": 0.03,
    "region": 0.02, "employer.name": 0.06, "employer.phone": 0.22, "occupation": 0.10, "monthly_income": 0.03,
    "dealer_id": 0.004, "dealer_name": 0.02, "officer_id": 0.03, "vin": 0.08, "vehicle_price": 0.01,
    "vehicle_condition": 0.01, "vehicle_make": 0.01, "vehicle_model": 0.02, "lien_at": 0.30, "loan_amount": 0.004,
    "down_payment": 0.03, "term_months": 0.01, "bank_account": 0.12, "account_holder_name": 0.15, "device_id": 0.30,
    "ip_address": 0.40, "reference.1.name": 0.05, "reference.1.phone": 0.05, "reference.2.name": 0.15,
    "reference.2.phone": 0.15, "reference.3.name": 0.72, "reference.3.phone": 0.72, "channel": 0.02, "remark": 0.85,
}  # fmt: skip
"""How often a field is empty, whoever applies. References lack name, phone and relation together."""


def salt(seed: int, name: str) -> int:
    """A number for one use of a row's hash; without the seed, rows would be spelled alike in every book."""
    return int.from_bytes(blake2b(f"{seed} {name}".encode(), digest_size=7).digest(), "big")


class Absence:
    """The empty fields of one book."""

    def __init__(self, seed: int, missing: float) -> None:
        self._seed, self._missing = seed, missing

    def lacks(self, row: Ints, name: str, rate: float) -> Mask:
        """Rows of which something is empty at a rate of our own choosing, not scaled."""
        key = name.rsplit(".", 1)[0] if name.startswith("reference.") else name
        return hashed(row, salt(self._seed, "no " + key)) < rate

    def empty(self, row: Ints, field: str) -> Mask:
        """Rows whose canonical field is empty."""
        return self.lacks(row, field, MISSING[field] * self._missing)
