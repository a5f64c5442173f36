"""Codes to clear text, country by country: names, ID numbers, homes, firms, cars."""

import numpy as np
import polars as pl

from ingest.synthetic.pools import Floats, Ints, hashed
from ingest.synthetic.spelling import birthday, joined, number, padded, vary, where, wide
from ingest.synthetic.words import Lexicon
from ingest.synthetic.world import World

_ID_WEIGHTS = tuple(2**p % 11 for p in range(17, 0, -1))  # GB 11643: weights of the first 17 digits
_VIN_LETTERS = "0123456789ABCDEFGHJKLMNPRSTUVWXYZ"
_VIN_VALUES = dict(zip(_VIN_LETTERS, (*range(10), *range(1, 9), *range(1, 6), 7, 9, *range(2, 10)), strict=True))
"""ISO 3779: what each letter counts in the check digit."""
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_VIN_YEARS = "ABCDEFGHJKLMNPRSTVWXY123456789"  # model years from 2010 on
_EMPTY = -1


def person_name(world: World, person: Ints) -> pl.Series:
    """张伟强 or Mary Smith."""
    people = world.people
    latin = people.get("latin", person) == 1
    if world.words.country == "US":
        return _latin_name(world.words, world, person)
    chinese = joined(
        world.words["surname"].text(people.get("surname", person)),
        _given(world.words, world, person, "given1"),
        _given(world.words, world, person, "given2"),
    )
    return where(latin, _latin_name(world.foreign, world, person), chinese) if latin.any() else chinese


def _given(words: Lexicon, world: World, person: Ints, column: str) -> pl.Series:
    index = world.people.get(column, person)
    male = world.people.get("male", person) == 1
    text = where(male, words["male"].text(np.maximum(index, 0)), words["female"].text(np.maximum(index, 0)))
    return where(index == _EMPTY, pl.repeat("", len(person), eager=True), text)


def _latin_name(words: Lexicon, world: World, person: Ints) -> pl.Series:
    surname = words["surname"].text(world.people.get("surname", person) % len(words["surname"]))
    return joined(_given(words, world, person, "given1"), " ", surname)


def chinese_id(world: World, person: Ints) -> pl.Series:
    """18 digits with the check digit of GB 11643 (the last may be X)."""
    code, day, serial = _id_parts(world, person)
    body = np.asarray((code * 10**8 + day) * 1000 + serial, np.int64)
    total, rest = np.zeros(len(body), np.int64), body.copy()
    for weight in reversed(_ID_WEIGHTS):
        total += rest % 10 * weight
        rest //= 10
    check = pl.Series(list("10X98765432")).gather(total % 11)
    return joined(number(body), check)


def old_chinese_id(world: World, person: Ints) -> pl.Series:
    """The 15 digits of before 1999 for the same person; who was born later has none and keeps 18."""
    code, day, serial = _id_parts(world, person)
    old = joined(number(code), padded(day % 10**6, 6), padded(serial, 3))
    return where(day < 20_000_000, old, chinese_id(world, person))


def _id_parts(world: World, person: Ints) -> tuple[Ints, Ints, Ints]:
    people = world.people
    code = world.words.places.region_code.cast(pl.Int64).to_numpy()[people.get("region", person)]
    day = birthday(people.get("birth", person), "%Y%m%d").cast(pl.Int64).to_numpy()
    serial = people.get("serial", person) % 1000 // 2 * 2 + people.get("male", person)
    return np.asarray(code, np.int64), np.asarray(day, np.int64), serial


def social_security(world: World, person: Ints) -> pl.Series:
    """AAA-GG-SSSS; the area belongs to the state of birth, the group to the birthday."""
    people = world.people
    region, birth, serial = (people.get(name, person) for name in ("region", "birth", "serial"))
    area = world.words.places.region_code.cast(pl.Int64).to_numpy()[region] + serial // 10_000 % 5
    return joined(padded(area, 3), "-", padded(1 + birth % 99, 2), "-", padded(serial % 9_999 + 1, 4))


def region_name(world: World, city: Ints) -> pl.Series:
    """Province and city, or city and state."""
    places = world.words.places
    if world.words.country == "US":
        return joined(places.city.gather(city), ", ", places.province.gather(city))
    return joined(_province(world, city), places.city.gather(city), "市")


def _province(world: World, city: Ints) -> pl.Series:
    places = world.words.places
    province = pl.DataFrame({"p": places.province, "c": places.city}).select(
        pl.when(pl.col("p") == pl.col("c") + "市").then(pl.lit("")).otherwise("p")
    )
    return province.to_series().gather(city)


def home(world: World, address: Ints, u: Floats, mess: float) -> pl.Series:
    """An address as somebody would write it; `u` picks the spelling."""
    return (
        _american_home(world, address, u, mess)
        if world.words.country == "US"
        else _chinese_home(world, address, u, mess)
    )


def _chinese_home(world: World, address: Ints, u: Floats, mess: float) -> pl.Series:
    get, words = world.addresses.get, world.words
    city, estate = get("city", address), get("estate", address)
    short = (u * 97 % 1) < 0.3 * mess
    empty = pl.repeat("", len(address), eager=True)
    prefix = joined(
        where(short, empty, _province(world, city)),
        words.places.city.gather(city), "市", words.places.district.gather(get("district", address)),
    )  # fmt: skip
    street = joined(words["street"].text(get("road", address)), number(get("number", address)), "号")
    block = [number(get(name, address)) for name in ("building", "unit", "room")]
    rooms = where(
        (u * 89 % 1) < 0.12 * mess,
        joined(block[0], "-", block[1], "-", block[2]),
        joined(
            block[0], _either(u * 83 % 1, ("栋", "幢", "号楼"), (0.7, 0.15, 0.15)), block[1], "单元", block[2], "室"
        ),
    )
    name = words["estate"].text(estate % len(words["estate"]))
    village = joined(
        words["town"].text(estate % len(words["town"])), words["village"].text(estate // 10 % len(words["village"])),
        "村", number(get("number", address)), "号",
    )  # fmt: skip
    text = joined(prefix, where(get("rural", address) == 1, village, joined(street, name, rooms)))
    breaks = [(0.01 * mess, wide), (0.01 * mess, lambda s: s.str.replace("区", "区 ", literal=True)),
              (0.003 * mess, lambda s: s.str.replace("号", "号\n", literal=True))]  # fmt: skip
    return vary(text, u, breaks)


def _american_home(world: World, address: Ints, u: Floats, mess: float) -> pl.Series:
    get, words = world.addresses.get, world.words
    city = get("city", address)
    street = joined(number(get("number", address)), " ", words["street"].text(get("road", address)))
    unit = joined(number(get("building", address)), "-", number(get("room", address)))
    flat = joined(street, _either(u * 97 % 1, (" Apt ", " Unit ", " #", ", Apt "), (0.7, 0.1, 0.1, 0.1)), unit)
    town = words["village"].text(get("estate", address) % len(words["village"]))
    country = joined(number(get("number", address)), " ", town, " ", number(get("estate", address) % 900 + 1))
    zips = words.places.district.gather(get("district", address))
    place = joined(words.places.city.gather(city), ", ", words.places.province.gather(city), " ", zips)
    text = joined(where(get("rural", address) == 1, country, flat), ", ", place)
    return vary(
        text,
        u,
        [
            (0.08 * mess, lambda s: s.str.to_uppercase()),
            (0.05 * mess, lambda s: s.str.replace(r" St( Apt| Unit| #|,)", " Street$1")),
            (0.003 * mess, lambda s: s.str.replace(", ", ",\n", literal=True)),
        ],
    )


def _either(u: Floats, words: tuple[str, ...], weight: tuple[float, ...]) -> pl.Series:
    which = np.minimum(np.searchsorted(np.cumsum(weight), u, side="right"), len(words) - 1)
    return pl.Series(list(words)).gather(which)


def firm(world: World, employer: Ints, u: Floats, mess: float) -> pl.Series:
    """A firm's name in one of its spellings: prefix of the city or brackets, legal form in full, short or left out."""
    get, words = world.employers.get, world.words
    plain = get("plain", employer) == 1
    brand, extra = get("brand", employer), get("extra", employer)
    industry = words["industry"].text(get("industry", employer))
    form = words["legal_form"].text(get("form", employer))
    city = words.places.city.gather(get("city", employer))
    root = words["brand"].text(np.where(plain, 0, brand))
    if words.country == "US":
        text = _american_firm(words, root, extra, industry, form, u, mess)
    else:
        extra_word = where(extra < 0, pl.repeat("", len(extra), eager=True), words["male"].text(np.maximum(extra, 0)))
        style = np.where((u * 71 % 1) < 0.12 * mess, (u * 7919).astype(np.int64) % 4, get("style", employer))
        text = _chinese_firm(joined(root, extra_word, industry), city, form, style, u, mess)
    return where(plain, words["self_employed"].text(np.where(plain, brand, 0)), text)


def _chinese_firm(core: pl.Series, city: pl.Series, form: pl.Series, style: Ints, u: Floats, mess: float) -> pl.Series:
    form = vary(
        form,
        u,
        [
            (0.06 * mess, lambda s: s.str.replace("有限公司", "有限责任公司", literal=True)),
            (0.04 * mess, lambda s: pl.repeat("", len(s), eager=True)),
            (0.03 * mess, lambda s: s.str.replace(r"^(有限|股份|有限责任).*", "公司")),
        ],
    )
    marked = where((u * 67 % 1) < 0.4, joined(core, "（", city, "）", form), joined(core, "(", city, ")", form))
    texts = (joined(city, "市", core, form), joined(city, core, form), marked, joined(core, form))
    return where(style == 0, texts[0], where(style == 1, texts[1], where(style == 2, texts[2], texts[3])))


def _american_firm(
    words: Lexicon, root: pl.Series, extra: Ints, industry: pl.Series, form: pl.Series, u: Floats, mess: float
) -> pl.Series:
    named = joined(words["surname"].text(np.maximum(extra, 0)), " ", root)
    core = joined(where(extra < 0, root, named), " ", industry)
    form = vary(
        form,
        u,
        [
            (0.08 * mess, lambda s: s.str.replace_many(["LLC", "Inc", "Corp"], ["L.L.C.", "Inc.", "Corporation"])),
            (0.08 * mess, lambda s: joined(s, ".")),
            (0.06 * mess, lambda s: pl.repeat("", len(s), eager=True)),
        ],
    )
    comma = (u * 71 % 1) < 0.15 * mess
    text = where(comma, joined(core, ", ", form), joined(core, " ", form)).str.strip_chars(" ,")
    return vary(text, u * 67 % 1, [(0.06 * mess, lambda s: s.str.to_uppercase())])


def dealer_name(world: World, dealer: Ints) -> pl.Series:
    """Dealers by city, word and make."""
    words = world.words
    city = words.places.city.gather(world.dealer_city[dealer])
    word = words["brand"].text(world.dealer_word[dealer])
    brand = words["dealer_brand"].text(world.dealer_brand[dealer])
    if words.country == "US":
        return joined(word, " ", brand, " of ", city)
    return joined(city, word, brand, "汽车销售服务有限公司")


def email(world: World, codes: Ints) -> pl.Series:
    """A word, up to six digits and a provider: nothing of the name, nothing in order."""
    words = world.words
    word = words["mail_word"].text((hashed(codes, 1) * len(words["mail_word"])).astype(np.int64))
    second = words["mail_word"].text((hashed(codes, 2) * len(words["mail_word"])).astype(np.int64))
    digits = number((hashed(codes, 3) * 10 ** (2 + (hashed(codes, 4) * 5).astype(np.int64))).astype(np.int64))
    cum = np.cumsum(words["mail_domain"].weight) / words["mail_domain"].weight.sum()
    domain = words["mail_domain"].text(
        np.minimum(np.searchsorted(cum, hashed(codes, 5)), len(cum) - 1).astype(np.int64)
    )
    return joined(word, second, digits, "@", domain)


def vehicle_number(world: World, car: Ints) -> pl.Series:
    """17 characters with the check digit of ISO 3779."""
    get, n = world.cars.get, len(car)
    letters = np.frombuffer(_VIN_LETTERS.encode(), np.uint8)
    text = np.empty((n, 17), np.uint8)
    makers = np.array([list(w.encode()) for w in world.words.models.wmi], np.uint8)
    text[:, :3] = makers[get("model", car)]
    rest = get("serial", car).copy()
    for place in (3, 4, 5, 6, 7, 10):
        text[:, place] = letters[rest % len(letters)]
        rest //= len(letters)
    for place in range(11, 17):
        text[:, place] = 48 + rest % 10
        rest //= 10
    text[:, 9] = np.frombuffer(_VIN_YEARS.encode(), np.uint8)[np.clip(get("year", car) - 2010, 0, 29)]
    values = np.zeros(256, np.int64)
    for letter, value in _VIN_VALUES.items():
        values[ord(letter)] = value
    text[:, 8] = 48
    check = (values[text] * np.array(_VIN_WEIGHTS)).sum(axis=1) % 11
    text[:, 8] = np.where(check == 10, ord("X"), 48 + check)
    return pl.Series(np.ascontiguousarray(text).view("S17").ravel().astype(str))
