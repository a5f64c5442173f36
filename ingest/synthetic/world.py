"""The country a book plays in: cities, days, dealers and officers, employers, and generators of new things in it."""

from datetime import date
from typing import Final

import numpy as np
import polars as pl

from ingest.synthetic.pools import Floats, Ints, Pool, Within, choose, zipf
from ingest.synthetic.words import Lexicon, lexicon

DAY: Final = 86_400
BOOK_END: Final = (date(2026, 10, 31) - date(1970, 1, 1)).days
BIRTHS: Final = (-3_650, 13_900)  # 1960 to 2008, in days since 1970
LANDLINE: Final = 10**13  # added to landlines, so that 0755-12345678 and a mobile never look alike
SETTLED, YOUNG, INVENTED = range(3)
"""Where a firm comes from; nothing but the public register (registry.py) tells them apart."""
_HOURS: Final = np.array([1, 0.5, 0.3, 0.2, 0.2, 0.4, 1, 3, 8, 14, 17, 15, 10, 12, 16, 17, 15, 12, 9, 8, 7, 5, 3, 2])
_WEEKDAYS: Final = np.array([1.0, 0.95, 0.95, 1.0, 1.05, 1.2, 1.1])
_GROWTH: Final = 0.35


class World:
    """Everything that exists before the first application, and `new_*` generators that serve fraud and honest alike."""

    def __init__(self, rng: np.random.Generator, applications: int, locale: str) -> None:
        self.rng = rng
        self.locale = locale
        self.words: Lexicon = lexicon("en" if locale == "en" else "zh")
        self.foreign: Lexicon = lexicon("en")  # Latin names in a mixed book
        self.applications = applications
        self.usual_income = 7_500.0 if self.words.country == "CN" else 4_300.0  # a month, whole currency units
        self.cities = len(self.words.places.city)
        self.city_weight = self.words.places.weight * rng.uniform(0.6, 1.5, self.cities)
        self.people = Pool(("surname", "given1", "given2", "male", "birth", "region", "serial", "latin"))
        self.addresses = Pool(("city", "district", "rural", "road", "number", "estate", "building", "unit", "room"))
        self.employers = Pool(("city", "brand", "extra", "industry", "form", "style", "plain", "origin", "respelled"))
        self.cars = Pool(("model", "used", "year", "serial", "price"))
        self._make_calendar()
        self._make_places()
        self._make_dealers()
        self._make_employers()

    # --- what stands from the beginning ------------------------------------------------------------------------

    def _make_calendar(self) -> None:
        days = int(self.rng.integers(560, 731))
        self.first_day = BOOK_END - days + 1
        self.days = days
        at = np.arange(days)
        weekday = (self.first_day + at + 3) % 7  # 1970-01-01 was a Thursday
        weight = (1 + _GROWTH * at / days) * _WEEKDAYS[weekday] * self.rng.uniform(0.8, 1.2, days)
        self._day_cum = np.concatenate([[0.0], np.cumsum(weight)]) / weight.sum()

    def times(self, u: Floats) -> Ints:
        """Local seconds since 1970 for positions 0..1 in the book's volume; the hour is everybody's hour."""
        day = np.clip(np.searchsorted(self._day_cum, u, side="right") - 1, 0, self.days - 1)
        hour = choose(self.rng.random(len(u)), _HOURS)
        return (self.first_day + day) * DAY + hour * 3600 + self.rng.integers(0, 3600, len(u))

    def _make_places(self) -> None:
        places = self.words.places
        self.districts_of = Within(places.district_city, np.ones(len(places.district)), self.cities)
        self.regions = len(places.region_code)
        feeders = len(places.region_code) - len(places.district)
        self._feeder = np.argsort(self.rng.random((self.cities, feeders)), axis=1) + len(places.district)
        self._feeder_weight = zipf(feeders, 1.1)
        per_city = np.maximum(4, self.city_weight / self.city_weight.sum() * self.applications / 30).astype(np.int64)
        city = np.repeat(np.arange(self.cities), per_city)
        self._estate_name = choose(self.rng.random(len(city)), self.words["estate"].weight)
        self._estate_road = choose(self.rng.random(len(city)), self.words["street"].weight)
        self._estate_number = self.rng.integers(1, 900, len(city))
        self._estate_district = self.districts_of.draw(self.rng.random(len(city)), city)
        self._estates_of = Within(city, self.rng.pareto(1.6, len(city)) + 0.3, self.cities)

    def _make_dealers(self) -> None:
        total = int(max(self.cities * 3, self.applications**0.58))
        city = np.concatenate(
            [np.repeat(np.arange(self.cities), 3), choose(self.rng.random(total - 3 * self.cities), self.city_weight)]
        )
        rank = np.zeros(total, np.int64)
        for c in range(self.cities):
            own = np.flatnonzero(city == c)
            rank[own] = np.arange(len(own))
        weight = (rank + 2.0) ** -0.8 * self.rng.uniform(0.7, 1.4, total)
        within = np.bincount(city, weight, self.cities)[city]
        weight = weight / within * self.city_weight[city]
        self.dealers_of = Within(city, weight, self.cities)
        self.dealer_city = city.astype(np.int64)
        self.dealer_number = self.rng.permutation(max(total, 9_000))[:total] + 1_000
        self.dealer_brand = choose(self.rng.random(total), self.words["dealer_brand"].weight)
        self.dealer_word = choose(self.rng.random(total), self.words["brand"].weight)
        self.dealer_tablet = np.where(self.rng.random(total) < 0.10, self.new_devices(total), 0)
        staff = np.clip(1 + weight / weight.sum() * self.applications / 60, 1, 9).astype(np.int64)
        officer_dealer = np.repeat(np.arange(total), staff)
        self.officers_of = Within(officer_dealer, self.rng.pareto(2.5, len(officer_dealer)) + 0.5, total)
        self.officer_number = self.rng.permutation(len(officer_dealer) * 3)[: len(officer_dealer)] + 10_001

    def _make_employers(self) -> None:
        counts = np.maximum(20, self.city_weight / self.city_weight.sum() * self.applications * 0.4).astype(np.int64)
        city = np.repeat(np.arange(self.cities), counts)
        self.new_employers(city)  # codes 0, 1, ...: the positions in the columns below
        rank = np.arange(len(city)) - np.repeat(np.cumsum(counts) - counts, counts)
        self._employers_of = Within(city, (rank + 2.0) ** -0.85 * self.rng.uniform(0.6, 1.6, len(city)), self.cities)
        lines = np.where(rank < 30, 3, 1)
        self._line_first = np.cumsum(lines) - lines
        self._line_count = lines
        self._line_phone = self.new_work_phones(np.repeat(city, lines))
        self._pay = np.exp(self.rng.normal(0, 0.18, len(city)))
        generic = self.words["self_employed"]
        none = np.zeros(len(generic), np.int64)
        self._generic = self.employers.add(
            city=none,
            brand=np.arange(len(generic)),
            extra=none - 1,
            industry=none,
            form=none,
            style=none,
            plain=none + 1,
            origin=none,
            respelled=none,
        )

    def jobs(self, city: Ints, own_phone: Ints) -> tuple[Ints, Ints, Floats]:
        """Employer, work phone and pay factor of ordinary people: by city, Zipf, a fifth in firms seen nowhere else."""
        n = len(city)
        firm = self._employers_of.draw(self.rng.random(n), city)
        line = self._line_first[firm] + (self.rng.random(n) * self._line_count[firm]).astype(np.int64)
        phone, pay = self._line_phone[line], self._pay[firm]
        u = self.rng.random(n)
        alone = np.flatnonzero(u < 0.22)
        firm, phone, pay = firm.copy(), phone.copy(), pay.copy()
        firm[alone] = self.new_employers(city[alone])
        phone[alone] = self.new_work_phones(city[alone])
        pay[alone] = np.exp(self.rng.normal(0, 0.18, len(alone)))
        selfmade = np.flatnonzero(u > 0.93)
        firm[selfmade] = self._generic[choose(self.rng.random(len(selfmade)), self.words["self_employed"].weight)]
        phone[selfmade] = own_phone[selfmade]
        return firm, phone, pay

    # --- new things, the same for everybody ---------------------------------------------------------------------

    def new_people(self, city: Ints) -> Ints:
        """People who live in `city`: half were born there, the others come from the places that feed it."""
        n, rng, words = len(city), self.rng, self.words
        latin = (rng.random(n) < 0.15).astype(np.int64) if self.locale == "mixed" else np.zeros(n, np.int64)
        rank = choose(rng.random(n), self._feeder_weight)
        local = self.districts_of.draw(rng.random(n), city)
        low, high = BIRTHS
        return self.people.add(
            surname=choose(rng.random(n), words["surname"].weight),
            given1=rng.integers(0, 60, n),
            given2=np.where(rng.random(n) < 0.75, rng.integers(0, 60, n), -1),
            male=(rng.random(n) < 0.62).astype(np.int64),
            birth=low + (rng.beta(2.6, 2.0, n) * (high - low)).astype(np.int64),
            region=np.where(rng.random(n) < 0.5, local, self._feeder[city, rank]),
            serial=rng.integers(1, 10**6, n),
            latin=latin,
        )

    def new_addresses(self, city: Ints) -> Ints:
        """Homes: a room in one of the city's estates, or a house number in a village."""
        n, rng = len(city), self.rng
        estate = self._estates_of.draw(rng.random(n), city)
        rural = (rng.random(n) < 0.13).astype(np.int64)
        return self.addresses.add(
            city=city,
            district=np.where(rural == 1, self.districts_of.draw(rng.random(n), city), self._estate_district[estate]),
            rural=rural,
            road=self._estate_road[estate],
            number=np.where(rural == 1, rng.integers(1, 400, n), self._estate_number[estate]),
            estate=np.where(rural == 1, rng.integers(0, 10_000, n), self._estate_name[estate]),
            building=rng.integers(1, 31, n),
            unit=rng.integers(1, 4, n),
            room=rng.integers(1, 28, n) * 100 + rng.integers(1, 5, n),
        )

    def new_employers(self, city: Ints, origin: int = SETTLED) -> Ints:
        """Firms. Invented firms of rings and new firms of honest people come from here too, named alike."""
        n, rng, words = len(city), self.rng, self.words
        return self.employers.add(
            city=city,
            brand=choose(rng.random(n), words["brand"].weight),
            extra=np.where(rng.random(n) < 0.6, rng.integers(0, 60, n), -1),
            industry=choose(rng.random(n), words["industry"].weight),
            form=choose(rng.random(n), words["legal_form"].weight),
            style=rng.integers(0, 4, n),
            plain=np.zeros(n, np.int64),
            origin=np.full(n, origin, np.int64),
            respelled=np.zeros(n, np.int64),
        )

    def respell(self, employer: Ints) -> Ints:
        """The same firm with another line of business in its name: 鑫达商贸 and 鑫达贸易."""
        n = len(employer)
        industry = choose(self.rng.random(n), self.words["industry"].weight)
        return self.employers.clone(
            employer, industry=industry, style=self.rng.integers(0, 4, n), respelled=np.ones(n, np.int64)
        )

    def new_phones(self, city: Ints) -> Ints:
        """Own phones as numbers: 13812345678, or area and seven digits in the United States."""
        n, rng = len(city), self.rng
        if self.words.country == "US":
            area = np.where(rng.random(n) < 0.75, city, choose(rng.random(n), self.city_weight))
            line = rng.integers(200, 1000, n) * 10**4 + rng.integers(0, 10**4, n)
            return self.words.places.phone_area[area] * 10**7 + line
        prefix = (
            self.words["mobile"].words.cast(pl.Int64).to_numpy()[choose(rng.random(n), self.words["mobile"].weight)]
        )
        return np.asarray(prefix * 10**8 + rng.integers(0, 10**8, n), np.int64)

    def new_work_phones(self, city: Ints) -> Ints:
        """Office phones: three landlines for one mobile."""
        n, rng = len(city), self.rng
        if self.words.country == "US":
            return self.new_phones(city)
        landline = LANDLINE + self.words.places.phone_area[city] * 10**8 + rng.integers(2 * 10**7, 9 * 10**7, n)
        return np.where(rng.random(n) < 0.72, landline, self.new_phones(city))

    def new_accounts(self, n: int) -> Ints:
        """Bank cards with a right check digit (19 digits), or US account numbers (10 digits)."""
        if self.words.country == "US":
            return self.rng.integers(10**9, 10**10, n)
        bins = self.words["card_bin"]
        body = bins.words.cast(pl.Int64).to_numpy()[choose(self.rng.random(n), bins.weight)] * 10**12
        body = np.asarray(body + self.rng.integers(0, 10**12, n), np.int64)
        total = np.zeros(n, np.int64)
        rest = body.copy()
        for place in range(18):
            digit = rest % 10 * (2 if place % 2 == 0 else 1)
            total += digit // 10 + digit % 10
            rest //= 10
        return body * 10 + (-total) % 10

    def new_devices(self, n: int) -> Ints:
        """Device numbers; they are shown as sixteen hexadecimal digits."""
        return self.rng.integers(1, 2**62, n)

    def new_cars(self, income: Floats) -> Ints:
        """Cars that people of such a monthly income finance."""
        n, rng, models = len(income), self.rng, self.words.models
        taste = np.exp(rng.normal(0, 0.33, n)) * (np.maximum(income, 1) / self.usual_income) ** 0.45
        order = np.argsort(models.price, kind="stable")
        cum = np.cumsum(models.weight[order]) / models.weight.sum()
        position = 1 / (1 + np.exp(-2.2 * np.log(np.maximum(taste, 1e-6))))
        model = order[np.minimum(np.searchsorted(cum, position), len(order) - 1)]
        used = (rng.random(n) < 0.38).astype(np.int64)
        age = np.where(used == 1, rng.integers(1, 8, n), 0)
        price = models.price[model] * rng.normal(1.0, 0.05, n) * 0.86**age
        return self.cars.add(
            model=model,
            used=used,
            year=2026 - age,
            serial=rng.integers(1, 2**62, n),
            price=(np.round(price / 100) * 100).astype(np.int64),
        )
