"""A slice of the draft as the text columns of a lender's export."""

from collections.abc import Callable

import numpy as np
import polars as pl

from ingest.synthetic import naming, spelling
from ingest.synthetic.absence import MISSING, Absence, salt
from ingest.synthetic.draft import FUNDED, REFERENCES, Draft
from ingest.synthetic.knobs import Knobs
from ingest.synthetic.pools import Floats, Ints, Mask, hashed
from ingest.synthetic.spelling import Spelling, blank, joined, number, padded, stamp, stamps, vary, where, wide
from ingest.synthetic.world import World

_APPRAISED_NEW, _APPRAISED_USED = 0.45, 0.92
_CN_TIMES = ((0.62, "%Y-%m-%d %H:%M:%S"), (0.22, "%Y/%-m/%-d %-H:%M"), (0.07, "%Y年%-m月%-d日 %-H:%M"),
             (0.05, "%Y-%m-%dT%H:%M:%S+08:00"), (0.04, "%Y%m%d%H%M%S"))  # fmt: skip
_CN_DATES = ((0.7, "%Y-%m-%d"), (0.2, "%Y/%-m/%-d"), (0.1, "%Y%m%d"))
_US_TIMES = (
    (0.6, "%m/%d/%Y %H:%M"),
    (0.22, "%Y-%m-%d %H:%M:%S"),
    (0.1, "%m/%d/%Y %I:%M:%S %p"),
    (0.08, "%-m/%-d/%Y %-H:%M"),
)
_US_DATES = ((0.7, "%m/%d/%Y"), (0.3, "%Y-%m-%d"))


class Renderer:
    """Turns rows of a draft into text; a value's spelling and absence hang on its row number alone."""

    def __init__(self, world: World, knobs: Knobs, ids: pl.Series) -> None:
        self._world, self._knobs, self._ids = world, knobs, ids
        self._american = world.words.country == "US"
        self._mess = knobs.mess

    def columns(self, draft: Draft, record: Ints) -> dict[str, pl.Series]:
        """Canonical name -> text, in the order of the file; `record` numbers the physical versions."""
        slate = _Slate(record, draft.row, self._knobs.seed)
        parts = (self._head, self._person, self._work, self._sale, self._money, self._people_around, self._tail)
        text: dict[str, pl.Series] = {}
        for part in parts:
            text.update(part(draft, slate))
        for name, rate in MISSING.items():
            if name in text:
                text[name] = blank(text[name], slate.lacks(name, rate * self._knobs.missing))
        return text

    # --- parts --------------------------------------------------------------------------------------------------

    def _head(self, d: Draft, s: "_Slate") -> dict[str, pl.Series]:
        return {
            "application_id": self._ids.gather(d.row),
            "submitted_at": stamps(d.time, s.u("time"), _US_TIMES if self._american else _CN_TIMES),
            "updated_at": stamp(d.updated, "%Y-%m-%d %H:%M:%S"),
            "channel": self._world.words["channel"].text(d.channel),
            "status": self._world.words["status"].text(d.status),
        }

    def _person(self, d: Draft, s: "_Slate") -> dict[str, pl.Series]:
        world = self._world
        text = {"name": self._name(d.person, s.u("name")), "national_id": self._national_id(d.person, s.u("id"))}
        if self._american:
            birth = world.people.get("birth", d.person) * 86_400
            text["birth_date"] = stamps(birth, s.u("birth"), _US_DATES)
        city = world.addresses.get("city", d.address)
        return text | {
            "phone.1": self._phone(d.phone, s.u("phone")),
            "phone.2": blank(self._phone(d.phone2, s.u("phone2")), d.phone2 == 0),
            "email": vary(naming.email(world, d.email), s.u("mail"), self._rare(0.03, lambda t: t.str.to_uppercase())),
            "address": naming.home(world, d.address, s.u("home"), self._mess),
            "region": naming.region_name(world, city),
        }

    def _work(self, d: Draft, s: "_Slate") -> dict[str, pl.Series]:
        return {
            "employer.name": naming.firm(self._world, d.employer, s.u("firm"), self._mess),
            "employer.phone": self._phone(d.work_phone, s.u("office")),
            "occupation": self._world.words["occupation"].text(d.occupation),
            "monthly_income": self._money_text(d.income, s.u("income")),
        }

    def _sale(self, d: Draft, s: "_Slate") -> dict[str, pl.Series]:
        world, models = self._world, self._world.words.models
        model, used = world.cars.get("model", d.car), world.cars.get("used", d.car)
        prefix = ("D-", "LO-") if self._american else ("D", "XS")
        vin = naming.vehicle_number(world, d.car)
        return {
            "dealer_id": joined(prefix[0], padded(world.dealer_number[d.dealer], 5)),
            "dealer_name": naming.dealer_name(world, d.dealer),
            "officer_id": joined(prefix[1], number(world.officer_number[d.officer])),
            "vin": vary(vin, s.u("vin"), self._rare(0.02, lambda t: t.str.to_lowercase())),
            "vehicle_make": models.make.gather(model),
            "vehicle_model": models.model.gather(model),
            "vehicle_condition": world.words["condition"].words.gather(used),
            "lien_at": blank(
                stamps(d.lien, s.u("lien"), _US_DATES if self._american else _CN_DATES), d.status != FUNDED
            ),
        }

    def _money(self, d: Draft, s: "_Slate") -> dict[str, pl.Series]:
        used = self._world.cars.get("used", d.car) == 1
        appraised = s.by_row("appraised") < np.where(used, _APPRAISED_USED, _APPRAISED_NEW)
        months = number(d.term)
        if not self._american:
            months = vary(months, s.u("term"), self._rare(0.05, lambda t: joined(t, "期")))
        return {
            "vehicle_price": self._money_text(d.price, s.u("price")),
            "vehicle_appraisal": blank(self._money_text(d.appraisal, s.u("worth")), ~appraised),
            "loan_amount": self._money_text(d.loan, s.u("loan")),
            "down_payment": self._money_text(d.price - d.loan, s.u("down")),
            "term_months": months,
            "bank_account": vary(number(d.account), s.u("bank"), self._rare(0.08, _in_fours)),
            "account_holder_name": naming.person_name(self._world, d.holder),
        }

    def _people_around(self, d: Draft, s: "_Slate") -> dict[str, pl.Series]:
        text: dict[str, pl.Series] = {}
        none = d.co_person < 0
        person = np.maximum(d.co_person, 0)
        around = "co_applicant.1."
        text[around + "name"] = blank(naming.person_name(self._world, person), none)
        text[around + "national_id"] = blank(self._national_id(person, s.u("co_id")), none | s.lacks("co_id", 0.1))
        text[around + "phone"] = blank(self._phone(d.co_phone, s.u("co_phone")), none)
        text[around + "relation"] = blank(self._world.words["relation"].text(d.co_relation), none)
        for n in range(1, REFERENCES + 1):
            absent = s.lacks(f"ref{n}", 0.02 * self._knobs.missing)
            text[f"reference.{n}.name"] = blank(naming.person_name(self._world, d.ref_person[:, n - 1]), absent)
            text[f"reference.{n}.phone"] = self._phone(d.ref_phone[:, n - 1], s.u(f"ref{n}phone"))
            relation = self._world.words["relation"].text(d.ref_relation[:, n - 1])
            text[f"reference.{n}.relation"] = blank(
                relation, s.lacks(f"reference.{n}.phone", MISSING[f"reference.{n}.phone"])
            )
        return text

    def _tail(self, d: Draft, s: "_Slate") -> dict[str, pl.Series]:
        octets = [number(d.ip >> shift & 255) for shift in (24, 16, 8, 0)]
        return {
            "device_id": _hexadecimal(d.device),
            "ip_address": joined(octets[0], ".", octets[1], ".", octets[2], ".", octets[3]),
            "remark": self._world.words["remark"].text(d.remark),
        }

    # --- spellings ----------------------------------------------------------------------------------------------

    def _rare(self, rate: float, write: Callable[[pl.Series], pl.Series]) -> list[Spelling]:
        return [(rate * self._mess, write)]

    def _name(self, person: Ints, u: Floats) -> pl.Series:
        text = naming.person_name(self._world, person)
        if self._american:
            return vary(text, u, self._rare(0.06, lambda t: t.str.to_uppercase()))
        return vary(
            text,
            u,
            [
                (0.01 * self._mess, lambda t: t.str.replace(r"^(.)(.+)$", "$1 $2")),
                (0.006 * self._mess, lambda t: t.str.replace(r"^(.)(.+)$", "$1　$2")),
                (0.004 * self._mess, lambda t: joined(t, " ")),
            ],
        )

    def _national_id(self, person: Ints, u: Floats) -> pl.Series:
        if self._american:
            plain = naming.social_security(self._world, person)
            return vary(plain, u, self._rare(0.15, lambda t: t.str.replace_all("-", "", literal=True)))
        old = u > 1 - 0.012 * self._mess
        text = vary(
            naming.chinese_id(self._world, person),
            u,
            [
                (0.25 * self._mess, lambda t: t.str.to_lowercase()),
                (0.004 * self._mess, wide),
                (0.006 * self._mess, _spaced),
            ],
        )
        return where(old, naming.old_chinese_id(self._world, person), text)

    def _phone(self, numbers: Ints, u: Floats) -> pl.Series:
        write = spelling.american_phone if self._american else spelling.chinese_phone
        return write(numbers, u, self._mess)

    def _money_text(self, amount: Floats, u: Floats) -> pl.Series:
        write = spelling.american_money if self._american else spelling.chinese_money
        return write(amount, u, self._mess)


class _Slate:
    """Uniform numbers per record (spelling) and per application (absence), by name of the use."""

    def __init__(self, record: Ints, row: Ints, seed: int) -> None:
        self._record, self._row, self._seed = record, row, seed
        self._absence = Absence(seed, 1.0)

    def u(self, name: str) -> Floats:
        return hashed(self._record, salt(self._seed, "spell " + name))

    def by_row(self, name: str) -> Floats:
        return hashed(self._row, salt(self._seed, name))

    def lacks(self, name: str, rate: float) -> Mask:
        return self._absence.lacks(self._row, name, rate)


def _in_fours(text: pl.Series) -> pl.Series:
    return text.str.replace_all(r"(\d{4})", "$1 ").str.strip_chars()


def _spaced(text: pl.Series) -> pl.Series:
    return text.str.replace(r"^(\d{6})(\d{8})", "$1 $2 ")


def _hexadecimal(numbers: Ints) -> pl.Series:
    codes = np.frombuffer(b"0123456789abcdef", np.uint8)
    shifts = np.arange(60, -1, -4, dtype=np.int64)
    digits = codes[(numbers[:, None] >> shifts) & 15]
    return pl.Series(np.ascontiguousarray(digits).view("S16").ravel().astype(str))
