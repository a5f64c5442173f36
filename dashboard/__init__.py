"""The investigation view: Streamlit pages that know the API and nothing behind it."""
