"""Random but hostile raw data: every edge that the design names occurs often.

``make_raw`` is a pure function of its arguments; ``write_raw`` puts its frames on disk as CSV or
Parquet, in one file or in parts, in any order of rows.

With ``erasure`` off, requests name only customers who occur nowhere else (``E…``), and a rejected
request never names an accepted one, so that the marts do not depend on how erasure is done. With it
on they name customers with sales, one, the other or two members of a merged group, and unknown ids.
"""

import random
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pandas as pd

CENT = Decimal("0.01")
HUGE = "999999999999999.99"  # never a sale: an average of it has no room in decimal(18,4)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)

COLUMNS = {
    "transactions": "transaction_id customer_id transacted_at amount channel branch_id campaign_id "
    "refunded_transaction_id status loaded_at",
    "transaction_lines": "transaction_id line_number product_id quantity amount loaded_at",
    "customers": "customer_id first_name last_name email phone gender birth_date city region "
    "country "
    "preferred_channel acquisition_source loyalty_joined_at email_opt_in sms_opt_in created_at "
    "updated_at loaded_at",
    "customer_merges": "duplicate_customer_id customer_id loaded_at",
    "products": "product_id product_name category subcategory loaded_at",
    "branches": "branch_id branch_name city region country opened_on loaded_at",
    "campaigns": "campaign_id campaign_name channel objective target_segment starts_on ends_on "
    "cost loaded_at",
    "campaign_contacts": "contact_id campaign_id customer_id contacted_at is_control opened_at "
    "clicked_at "
    "unsubscribed_at loaded_at",
    "interactions": "interaction_id customer_id occurred_at interaction_type channel resolved_at "
    "sentiment loaded_at",
    "leads": "lead_id customer_id source owner created_at qualified_at won_at lost_at "
    "deal_amount loaded_at",
    "surveys": "survey_id customer_id survey_type score responded_at loaded_at",
    "marketing_spend": "spend_date channel purpose amount loaded_at",
    "erasure_requests": "customer_id requested_at loaded_at",
}

# what a rejected row of a table lacks here, its customer being named
BROKEN = {
    "transactions": "amount",
    "campaign_contacts": "contacted_at",
    "interactions": "occurred_at",
    "leads": "created_at",
    "surveys": "score",
}

REQUIRED = {
    "transactions": {"transaction_id", "transacted_at", "amount"},
    "transaction_lines": {"transaction_id", "line_number", "amount"},
    "customers": {"customer_id"},
    "customer_merges": {"duplicate_customer_id", "customer_id"},
    "products": {"product_id"},
    "branches": {"branch_id"},
    "campaigns": {"campaign_id", "starts_on"},
    "campaign_contacts": {"contact_id", "campaign_id", "customer_id", "contacted_at"},
    "interactions": {"interaction_id", "occurred_at", "interaction_type"},
    "leads": {"lead_id", "created_at"},
    "surveys": {"survey_id", "survey_type", "score", "responded_at"},
    "marketing_spend": {"spend_date", "channel", "amount"},
    "erasure_requests": {"customer_id"},
}

LAST_DAYS = [
    date(2024, 2, 29),
    date(2025, 2, 28),
    date(2024, 12, 31),
    date(2025, 3, 2),
    date(2024, 3, 31),
    date(2024, 10, 27),
    date(2025, 1, 1),
    date(2024, 6, 17),
]
GAPS = [0, 0, 1, 7, 29, 30, 31, 32, 60, 61, 62, 63, 90, 91, 92, 93, 94, 184, 364, 365, 366]

BAD_DECIMALS = [
    "1,000.00", "1e3", ".5", "5.", "1234567890123456", "NaN", "inf", "-", "+ 5", "--1", "€5",
    "12 34", "\uff11\uff12.00", "0x10", "abc", "10.00\u00a0", "1.2.3", "10,5", "null",
]  # fmt: skip
BAD_INTS = ["1.0", "1234567890", "one", "1e1", "٣", "- 1", "+"]
BAD_DATES = [
    "2024-02-30", "2023-02-29", "2024-13-01", "2024-00-10", "2024-1-5", "01/02/2024", "0000-01-01",
    "2024-04-31", "20240105", "2024-01-05 10:00", "\uff12\uff10\uff12\uff14-01-05",
    "24-01-05", "2024-01-00", "-2024-01-05", "12024-01-05",
]  # fmt: skip
BAD_TIMESTAMPS = [
    "2024-02-30", "2023-02-29 10:00", "2024-01-05 24:00", "2024-01-05 10:60", "2024-01-05 10:00:60",
    "yesterday", "05.01.2024 10:00", "2024-1-5 10:00", "2024-01-05 10", "2024-01-05 10:00:00.",
    "2024-01-05  10:00", "2024-01-05 10:00 +02:00", "2024-01-05T10:00+0200",
    "2024-01-05T10:00+24:00", "2024-01-05T10:00+02:60", "2024-01-05T10:00+02", "0000-01-01",
    "2024-01-05 10:00:00,5", "2024-01-05 25:00:00", "2024-01-05T10:00ZZ", "1704448800",
    "2024-01-05T", "2024-01-05 9:00", "2024-01-05 10:00:00 UTC",
]  # fmt: skip
BAD_BOOLS = ["y", "n", "2", "ja", "truefalse", "on", "1.0", "00"]
GOOD_TRUE = ["true", "t", "1", "yes", "TRUE", "True", "Yes"]
GOOD_FALSE = ["false", "f", "0", "no", "FALSE", "False", "No"]
INTERACTION_TYPES = [
    "call", "Call", "complaint", "Complaint", "web_visit", "Web_Visit", "store_visit", "chat",
    "email", "EMAIL", "visit", "return", "web visit",
]  # fmt: skip
# of one number, of one too short by a digit, of one just long enough, and of none
PHONES = [
    "+49 30 1234567", "0049-30-1234567", "(0049) 30/1234567", "49301234567", "030 1234567",
    "123-456", "00123456", "1234567", "00 123 45 67", "+1234567", "ab", "-", "٣٣٣٣٣٣٣٣",
]  # fmt: skip
EMAILS = ["shared@example.org", "Shared@Example.ORG", "SHARED@EXAMPLE.ORG", "not an address"]
OPEN_AGES = [0, 1, 29, 30, 31, 32, 60, 61, 62, 90, 91, 92, 120, 400]
BLANKS = [" ", "  ", "\t", "\n", "\r", "\v", "\f", " \t\r\n"]
CHANNELS = [
    "store",
    "Store",
    "STORE",
    "ecommerce",
    "Ecommerce",
    "ECOMMERCE",
    "phone",
    " app ",
    None,
    "unknown",
]
STATUSES = ["completed", "Completed", "COMPLETED ", None, "", " "]
OFFSETS = [
    "+00:00",
    "-00:00",
    "+02:00",
    "-05:00",
    "+05:30",
    "-03:30",
    "+14:00",
    "-12:00",
    "+23:59",
    "-23:59",
]
TEXTS = [
    "Łódź",
    "O'Hara, Inc.",
    'the "best"',
    "two\nlines",
    "ab",
    "Ab",
    "~",
    "ä",
    "Z",
    "NULL",
    "a|b",
    "a  b",
    "日本",
]


class Maker:
    """Makes the tables of one seed around one last day."""

    def __init__(self, seed: int, customers: int, transactions: int) -> None:
        """Draw what the whole seed has in common."""
        self.rng = random.Random(f"clientele-{seed}")
        self.seed = seed
        self.customer_limit = customers
        self.transaction_limit = transactions
        self.last_day = self.rng.choice(LAST_DAYS)
        self.loaded_at = datetime.combine(self.last_day, time(6)) + 2 * DAY
        self.customers = [f"C{number:03}" for number in range(1, customers + 1)]
        if customers >= 4:
            self.customers[:4] = ["c001", "Ç1", "001", "1"]
        self.duplicates = [f"D{number:02}" for number in range(1, 1 + customers // 2)]
        # known, but they never bought
        self.silent = ["Q1", "Q2", "Q3"] if customers >= 4 else []
        self.sales: list[dict] = []
        self.merges: list[tuple[str, str]] = []

    # -- how values are written --------------------------------------------------------------------
    def chance(self, probability: float) -> bool:
        """Throw a weighted coin."""
        return self.rng.random() < probability

    def amount(self, value: Decimal) -> str:
        """Write an amount of cents in one of its many ways."""
        plain = f"{value:.2f}"
        sign, digits = ("-", plain[1:]) if value < 0 else ("", plain)
        forms = [plain] * 6
        forms += [
            f"{sign}00{digits}",
            plain + "0",
            plain + "4",
            plain + "4999999999999999",
            plain + "00000000000000",
        ]
        if not sign:
            forms.append("+" + plain)
        if plain.endswith("00"):
            forms += [plain[:-3], plain[:-1]]
        below = abs(value) - CENT
        if below >= 0:
            forms += [
                f"{sign}{below:.2f}5",
                f"{sign}{below:.2f}50",
                f"{sign}{below:.2f}5000000000000001",
            ]
        return self.rng.choice(forms)

    def moment(self, value: datetime) -> str:
        """Write a UTC timestamp in one of its many ways."""
        offset = (
            self.rng.choice(OFFSETS) if self.chance(0.35) else self.rng.choice(["", "", "", "Z"])
        )
        local = value
        if offset not in ("", "Z"):
            shift = timedelta(hours=int(offset[1:3]), minutes=int(offset[4:6]))
            local = value + shift if offset[0] == "+" else value - shift
        forms = [local.strftime("%Y-%m-%d %H:%M:%S")]
        if local.microsecond:
            forms = [f"{forms[0]}.{local.microsecond:06}", f"{forms[0]}.{local.microsecond:06}9999"]
        else:
            forms += [forms[0] + ".0", forms[0] + ".000000", forms[0] + ".0000009"]
            if local.second == 0:
                forms.append(local.strftime("%Y-%m-%d %H:%M"))
            if local.time() == time(0):
                forms += [local.strftime("%Y-%m-%d")] * 3
        return self.rng.choice(forms).replace(" ", self.rng.choice("T  ")) + offset

    def boolean(self, value: bool | None) -> str | None:
        """Write a truth value; sometimes one that is none."""
        if self.chance(0.06):
            return self.rng.choice(BAD_BOOLS)
        if value is None:
            return None
        return self.rng.choice(GOOD_TRUE if value else GOOD_FALSE)

    def optional_moment(self, value: datetime) -> str | None:
        """Write an optional timestamp: good, missing, bad or before 1900."""
        forms = [self.moment(value)] * 12 + [
            None,
            None,
            "",
            self.rng.choice(BAD_TIMESTAMPS),
            "1899-12-31 23:59:59",
        ]
        return self.rng.choice(forms)

    def optional_date(self, value: date) -> str | None:
        """Write an optional date: good, missing, bad or before 1900."""
        forms = [value.isoformat()] * 12 + [
            None,
            " ",
            self.rng.choice(BAD_DATES),
            "1899-12-31",
            "1872-02-29",
        ]
        return self.rng.choice(forms)

    def optional_amount(self, value: Decimal) -> str | None:
        """Write an optional amount: good, missing or bad."""
        return self.rng.choice([self.amount(value)] * 8 + [None, self.rng.choice(BAD_DECIMALS)])

    def some_day(self) -> date:
        """A day in the three years up to a little after the last day."""
        return self.last_day - timedelta(days=self.rng.randint(-10, 1100))

    def some_moment(self, day: date | None = None) -> datetime:
        """A moment of a day, often near midnight, in UTC."""
        clock = self.rng.choice(
            [
                time(0),
                time(0, 0, 1),
                time(23, 59, 59),
                time(23, 59, 59, 999999),
                time(22, 30),
                time(1, 30),
                time(4, 59, 59),
                time(5),
                time(self.rng.randint(0, 23), self.rng.randint(0, 59), self.rng.randint(0, 59)),
                time(12, 0, 0, self.rng.choice([1, 500000, 123456])),
            ]
        )
        return datetime.combine(day or self.some_day(), clock)

    def some_customer(self) -> str | None:
        """A customer: known, a duplicate, unknown or none."""
        pool = self.customers * 3 + self.duplicates + self.silent + ["X9", "X8", None, None]
        return self.rng.choice(pool)

    def late_moment(self) -> datetime:
        """A moment so many days before the last one as divide the ages of open leads."""
        days = self.rng.choice([*OPEN_AGES, self.rng.randint(0, 700)])
        return self.some_moment(self.last_day - timedelta(days=days))

    # -- how rows are spoilt -----------------------------------------------------------------------
    def loading(self, event: datetime | None = None) -> str | None:
        """A loaded_at: as all, later, missing, bad, or just within or beyond a day of the event."""
        choices = [self.moment(self.loaded_at)] * 10
        choices += [self.moment(self.loaded_at + self.rng.choice([-1, 1, 5]) * DAY), None, None]
        choices.append(self.rng.choice(BAD_TIMESTAMPS))
        if event is not None:
            choices += [
                self.moment(event - DAY),
                self.moment(event),
                self.moment(event + SECOND - DAY),
            ]
            if self.chance(0.07):
                late = self.rng.choice([SECOND, timedelta(microseconds=1), 9 * DAY])
                choices = [self.moment(event - DAY - late)]
        return self.rng.choice(choices)

    def spoil(self, table: str, row: dict, bad: dict[str, list[str]]) -> dict:
        """Now and then put a bad or missing value into a column, or blanks around one."""
        row = dict(row)
        if self.chance(0.07):
            name = self.rng.choice(sorted(REQUIRED[table]))
            row[name] = self.rng.choice([None, "", "  ", *bad.get(name, [])])
        for name, value in row.items():
            if value and self.chance(0.04):
                row[name] = self.rng.choice(BLANKS) + value + self.rng.choice(["", *BLANKS])
        return row

    def repeat(self, rows: list[dict], change, probability: float = 0.12) -> list[dict]:
        """Add further versions of rows: same stamps, other stamps, none, or the very same row."""
        versions = []
        for row in rows:
            versions.append(row)
            while self.chance(probability):
                version = dict(row) if self.chance(0.25) else dict(row) | change(row)
                version["loaded_at"] = self.rng.choice(
                    [row.get("loaded_at")] * 3 + [self.loading(), None]
                )
                versions.append(version)
        return versions

    def finish(self, table: str, rows: list[dict], bad: dict[str, list[str]]) -> pd.DataFrame:
        """Spoil rows and make the frame."""
        rows = [self.spoil(table, row, bad) for row in rows]
        columns = COLUMNS[table].split()
        values = [[row.get(name) for name in columns] for row in rows]
        return pd.DataFrame(values, columns=columns, dtype=object)

    # -- sales -------------------------------------------------------------------------------------
    def purchase_days(self) -> list[date]:
        """Purchase days of one customer, walked back from the last day in telling gaps."""
        day = self.last_day - timedelta(days=self.rng.choice([*GAPS, self.rng.randint(0, 700)]))
        days = [day]
        for _ in range(self.rng.choice([0, 1, 2, 3, 4, 6, 9, 14])):
            day -= timedelta(days=self.rng.choice([*GAPS, self.rng.randint(0, 120)]))
            if (self.last_day - day).days > 1200:
                break
            days.append(day)
        return days

    def purchase_amounts(self, count: int) -> list[Decimal]:
        """Amounts which, or a few of which, add up to a cut point or a cent beside one."""
        amounts = []
        while len(amounts) < count:
            parts = min(self.rng.randint(1, 6), count - len(amounts))
            total = Decimal(self.rng.choice([90, 180, 270, 270, 400])) + self.rng.choice(
                [-CENT, Decimal(0), CENT]
            )
            share = (total / parts).quantize(CENT)
            amounts += [share] * (parts - 1) + [total - share * (parts - 1)]
        return amounts

    def make_sales(self) -> list[dict]:
        """Plain sales (not yet written out): who, when, how much."""
        sales = []
        for customer in [*self.customers, *self.duplicates, "X9", None, None, None]:
            days = self.purchase_days()
            moment = None
            for day, amount in zip(days, self.purchase_amounts(len(days)), strict=True):
                if moment is None or moment.date() != day or self.chance(0.5):
                    moment = self.some_moment(day)
                sales.append({"customer": customer, "at": moment, "amount": amount})
                if self.chance(0.15):
                    refund = self.rng.choice(
                        [-amount, -CENT, Decimal(0), -(amount / 2).quantize(CENT)]
                    )
                    sales.append(
                        {
                            "customer": customer,
                            "at": moment + self.rng.randint(0, 40) * DAY,
                            "amount": refund,
                        }
                    )
        self.rng.shuffle(sales)
        sales = sales[: self.transaction_limit]
        if sales and self.chance(0.8):
            sales[-1] |= {"at": self.some_moment(self.last_day), "amount": Decimal("90.00")}
        for number, sale in enumerate(sales, start=1):
            sale["id"] = self.rng.choice([f"T{number:04}", f"t{number:04}", f"{number:04}"])
        return sales

    def transactions(self) -> pd.DataFrame:
        """Transactions with their statuses, channels, campaigns and versions."""
        self.sales = self.make_sales()
        rows = []
        for sale in self.sales:
            rows.append(
                {
                    "transaction_id": sale["id"],
                    "customer_id": sale["customer"],
                    "transacted_at": self.moment(sale["at"]),
                    "amount": self.amount(sale["amount"]),
                    "channel": self.rng.choice(CHANNELS),
                    "branch_id": self.rng.choice(["B1", "B2", "b1", "B99", None, "unknown"]),
                    "campaign_id": self.rng.choice([None] * 14 + ["K1", "K2", "K99"]),
                    "refunded_transaction_id": self.rng.choice([None, None, "T0001", "nowhere"]),
                    "status": self.rng.choice(
                        STATUSES * 4 + ["cancelled", "Cancelled", "test", " TEST", "void"]
                    ),
                    "loaded_at": self.loading(sale["at"]),
                }
            )
        for number, text in enumerate(
            ["10.005", "-10.005", "0.004", "-0.004", "0.005", "-0.005"], start=1
        ):
            if self.chance(0.5) and len(rows) > number:
                rows[number]["amount"] = text
        if rows and self.chance(0.2):
            early = [
                "1900-01-01",
                "1899-12-31 23:59:59.999999",
                "1900-01-01T00:30+01:00",
                "0001-01-01",
            ]
            self.rng.choice(rows)["transacted_at"] = self.rng.choice(early)
        if rows and self.chance(0.2):
            self.rng.choice(rows).update(amount=HUGE, status="cancelled")

        def change(row: dict) -> dict:
            if row["amount"] == HUGE:
                return {"channel": self.rng.choice(CHANNELS)}
            changes = [
                {"amount": self.rng.choice(["9.00", "10.00", "100.00", "-9.00", "0", "90.01"])},
                {"customer_id": self.some_customer()},
                {"status": self.rng.choice(["cancelled", "test", None, "completed"])},
                {
                    "channel": self.rng.choice(CHANNELS),
                    "branch_id": self.rng.choice([None, "B1", "B2"]),
                },
                {"transacted_at": self.moment(self.some_moment())},
                {"campaign_id": self.rng.choice(["K1", "K3", None])},
            ]
            return self.rng.choice(changes)

        rows = self.repeat(rows, change)
        return self.finish(
            "transactions", rows, {"transacted_at": BAD_TIMESTAMPS, "amount": BAD_DECIMALS}
        )

    def transaction_lines(self) -> pd.DataFrame:
        """Lines that add up, do not, or belong to nothing."""
        rows = []
        for sale in self.sales:
            if self.chance(0.35):
                continue
            count = self.rng.randint(1, 3)
            share = (sale["amount"] / count).quantize(CENT)
            parts = [share] * (count - 1) + [sale["amount"] - share * (count - 1)]
            if self.chance(0.3):
                parts[-1] += self.rng.choice(
                    [CENT, -CENT, Decimal("5.00"), Decimal("-500.00"), -parts[-1]]
                )
            for number, part in enumerate(parts, start=1):
                rows.append(
                    {
                        "transaction_id": sale["id"],
                        "line_number": self.rng.choice(
                            [str(number)] * 5 + [f"0{number}", f"+{number}", str(-number)]
                        ),
                        "product_id": self.rng.choice(
                            ["P1", "P1", "P2", "P3", "P4", "p1", "P99", None]
                        ),
                        "quantity": self.optional_amount(Decimal(self.rng.randint(-2, 5))),
                        "amount": self.rng.choice([self.amount(part)] * 12 + ["10.005", "-10.005"]),
                        "loaded_at": self.loading(),
                    }
                )
        rows += [{"transaction_id": "nowhere", "line_number": "1", "amount": "5.00"}] * (
            len(rows) > 3
        )
        rows = self.repeat(
            rows, lambda _: {"amount": self.rng.choice(["9.00", "10.00", "-1"]), "product_id": "P2"}
        )
        return self.finish(
            "transaction_lines", rows, {"line_number": BAD_INTS, "amount": BAD_DECIMALS}
        )

    # -- customers ---------------------------------------------------------------------------------
    def loyalty_moment(self, customer: str) -> datetime:
        """A moment of joining at or beside a purchase, or at the end of the last day."""
        own = [sale["at"] for sale in self.sales if sale["customer"] == customer]
        anchors = [datetime.combine(self.last_day, time(0)) + DAY, self.some_moment()]
        anchor = self.rng.choice(own) if own and self.chance(0.7) else self.rng.choice(anchors)
        return anchor + self.rng.choice([-SECOND, timedelta(0), SECOND, timedelta(microseconds=-1)])

    def birthday(self) -> date:
        """A birth date, often with the birthday on or beside the last day, or 29 February."""
        day = self.last_day + self.rng.choice([-1, 0, 1]) * DAY
        year = self.rng.choice([1930, 1954, 1964, 1974, 1984, 1985, 1994, 2004, 2014, 2015, 2020])
        beside = date(year, day.month, min(day.day, 28))
        leap = date(self.rng.choice([1964, 1984, 2004]), 2, 29)
        return self.rng.choice([beside, beside, leap, self.last_day + DAY, self.last_day])

    def customer_row(self, customer: str) -> dict:
        """One customer row."""
        stamp = self.some_moment()
        return {
            "customer_id": customer,
            "first_name": self.rng.choice([*TEXTS, "Ada", None]),
            "last_name": self.rng.choice([*TEXTS, "Berg", None]),
            "email": self.rng.choice([*[f"{customer}@Example.org"] * 6, None, *EMAILS]),
            "phone": self.rng.choice(
                [*[f"+44 20 {int.from_bytes(customer.encode()) % 10**7:07}"] * 9, None, *PHONES]
            ),
            "gender": self.rng.choice(["f", "m", "F", "x", None]),
            "birth_date": self.optional_date(self.birthday()),
            "city": self.rng.choice([*TEXTS, None]),
            "region": self.rng.choice(["North", "north", None]),
            "country": self.rng.choice(["DE", "de", None]),
            "preferred_channel": self.rng.choice(["Email", "sms", "email", "SMS", "post", None]),
            "acquisition_source": self.rng.choice(["Ads", "ads", "friend", None]),
            "loyalty_joined_at": self.optional_moment(self.loyalty_moment(customer)),
            "email_opt_in": self.boolean(self.rng.choice([True, True, True, False, None])),
            "sms_opt_in": self.boolean(self.rng.choice([True, True, True, False, None])),
            "created_at": self.optional_moment(stamp),
            "updated_at": self.rng.choice(
                [self.optional_moment(stamp), None, self.moment(self.loaded_at)]
            ),
            "loaded_at": self.loading(),
        }

    def customers_table(self) -> pd.DataFrame:
        """Customers, duplicates among them, in several versions."""
        rows = [
            self.customer_row(customer)
            for customer in [*self.customers, *self.duplicates, *self.silent]
            if self.chance(0.85)
        ]

        def change(row: dict) -> dict:
            other = self.customer_row(row["customer_id"])
            names = self.rng.sample(sorted(other), 4)
            if self.chance(0.3):
                names.append("updated_at")
            return {name: other[name] for name in names}

        return self.finish("customers", self.repeat(rows, change, 0.25), {})

    def customer_merges(self) -> pd.DataFrame:
        """Chains, cycles, self-merges, merges into a cycle, and several versions of a merge."""
        people, doubles = self.customers, self.duplicates
        pairs = []
        for duplicate in doubles:
            if self.chance(0.75):
                pairs.append((duplicate, self.rng.choice([*people, *doubles, "X7"])))
        if len(people) >= 12:
            a, b, c, d, e, f = self.rng.sample(people, 6)
            pools = [
                [(a, b), (b, c)],
                [(a, b), (b, a), (c, a)],
                [(a, a), (b, a)],
                [(a, b), (b, c), (c, a), (d, e), (e, a), (f, f)],
                [(a, "X1"), ("X1", b), (c, "X1")],
                [],
            ]
            pairs += self.rng.choice(pools)
        self.merges = pairs
        rows = [
            {
                "duplicate_customer_id": duplicate,
                "customer_id": survivor,
                "loaded_at": self.loading(),
            }
            for duplicate, survivor in pairs
        ]
        rows = self.repeat(
            rows,
            lambda row: {"customer_id": self.rng.choice([*people, row["duplicate_customer_id"]])},
        )
        return self.finish("customer_merges", rows, {})

    def erased_customers(self) -> list[str]:
        """Whom to erase: customers with sales, members of merged groups, unknown ids."""
        asking = self.rng.sample(self.customers, min(2, len(self.customers)))
        pairs = self.rng.sample(self.merges, min(3, len(self.merges)))
        for pair in pairs:
            # the duplicate, the survivor (of the first merge at least), or both
            asking += self.rng.choice([[pair[0]], [pair[1]], list(pair)])
        asking += [name for name in ["X9", "X8", "X1", "nobody"] if self.chance(0.4)]
        return sorted(set(asking), key=lambda name: (len(name), name))

    def erasure_requests(self, asking: list[str]) -> pd.DataFrame:
        """Requests, some of them twice, some rejected."""
        moment = self.some_moment()
        rows = []
        for customer in ["E0", "E1", "E2", "E3", *asking]:
            row = {
                "customer_id": customer,
                "requested_at": self.optional_moment(moment),
                "loaded_at": None,
            }
            if customer in asking and self.chance(0.2):
                row["customer_id"] = self.rng.choice(BLANKS) + customer
            rows += [row, dict(row)][: self.rng.randint(1, 2)]
        stamp = self.moment(self.loaded_at)
        # the first of those who ask is refused once, which changes nothing; somebody else is, who
        # therefore stays
        refused = ["E8", *asking[:1]]
        if asking:
            refused += self.rng.sample(self.customers, min(2, len(self.customers)))
        rows += [
            {
                "customer_id": customer,
                "requested_at": self.moment(self.loaded_at + 2 * DAY),
                "loaded_at": stamp,
            }
            for customer in refused
        ]
        rows.append(
            {
                "customer_id": "E7",
                "requested_at": self.moment(self.loaded_at + DAY),
                "loaded_at": stamp,
            }
        )
        rows.append({"customer_id": None, "requested_at": stamp, "loaded_at": stamp})
        return pd.DataFrame(
            [list(row.values()) for row in rows],
            columns=COLUMNS["erasure_requests"].split(),
            dtype=object,
        )

    def add_rejected(self, raw: dict[str, pd.DataFrame], asking: list[str]) -> None:
        """Add rows that are rejected and name somebody who is erased, or nearly name them."""
        for table, column in BROKEN.items():
            records = raw[table].to_dict("records")
            if not records:
                continue
            for _ in range(self.rng.randint(0, 3)):
                customer = self.rng.choice(asking)
                names = [customer, f" {customer}\t", customer.swapcase(), f"{customer}x"]
                records.append(
                    dict(self.rng.choice(records))
                    | {"customer_id": self.rng.choice(names), column: None}
                )
            raw[table] = pd.DataFrame(records, columns=raw[table].columns, dtype=object)
        merges = raw["customer_merges"].to_dict("records")
        names = ["duplicate_customer_id", "customer_id"]
        for name in names:
            if self.chance(0.6):
                named = {name: self.rng.choice(asking), "loaded_at": None}
                merges.append(dict.fromkeys(names) | named)
        raw["customer_merges"] = pd.DataFrame(
            merges, columns=raw["customer_merges"].columns, dtype=object
        )

    # -- catalogue and campaigns -------------------------------------------------------------------
    def products(self) -> pd.DataFrame:
        """Products with and without category."""
        categories = {"P1": "Shoes", "P2": "shoes", "P3": None, "P4": "Bags, etc.", "p1": " Shoes"}
        rows = [
            {
                "product_id": product,
                "product_name": self.rng.choice(TEXTS),
                "category": category,
                "subcategory": None,
            }
            for product, category in categories.items()
        ]
        rows = self.repeat(
            rows, lambda _: {"category": self.rng.choice(["Belts", None, "Shoes"])}, 0.4
        )
        return self.finish("products", rows, {})

    def branches(self) -> pd.DataFrame:
        """Branches."""
        rows = [
            {
                "branch_id": branch,
                "branch_name": self.rng.choice(TEXTS),
                "city": self.rng.choice(TEXTS),
                "opened_on": self.optional_date(self.some_day()),
                "loaded_at": self.loading(),
            }
            for branch in ["B1", "B2", "b1", "B3"]
        ]
        rows = self.repeat(rows, lambda _: {"opened_on": self.optional_date(self.some_day())}, 0.4)
        return self.finish("branches", rows, {})

    def campaigns(self) -> pd.DataFrame:
        """Campaigns of every channel, with and without cost, ending before and after they start."""
        channels = {
            "K1": "email",
            "K2": "SMS",
            "K3": " Sms",
            "K4": "push",
            "K5": None,
            "K6": "Email",
            "K7": "other",
            "K8": "email",
        }
        rows = []
        for campaign, channel in channels.items():
            start = self.some_day()
            days = self.rng.choice([-400, -1, 0, 0, 1, 14, 30, 90, (self.last_day - start).days])
            rows.append(
                {
                    "campaign_id": campaign,
                    "campaign_name": self.rng.choice(TEXTS),
                    "channel": channel,
                    "objective": None,
                    "target_segment": self.rng.choice(["Champion", "nobody", None]),
                    "starts_on": self.rng.choice([start.isoformat()] * 9 + ["2999-01-01"]),
                    "ends_on": self.optional_date(start + days * DAY),
                    "cost": self.optional_amount(
                        self.rng.choice([Decimal(0), Decimal("0.01"), Decimal("100.01")])
                        if self.chance(0.4)
                        else Decimal(self.rng.randint(0, 900))
                    ),
                    "loaded_at": self.loading(),
                }
            )
        if self.chance(0.3):
            self.rng.choice(rows)["starts_on"] = "1899-12-31"
        rows = self.repeat(
            rows, lambda _: {"channel": self.rng.choice(["sms", "email", "post", None])}, 0.2
        )
        return self.finish("campaigns", rows, {"starts_on": BAD_DATES})

    def response(self, at: datetime, probability: float, hours: int) -> str | None:
        """When a contact was answered, if it was: soon, or so late that D may lie between."""
        if not self.chance(probability):
            return None
        return self.optional_moment(
            at + self.rng.choice([1, 1, 1, 30, 240]) * timedelta(hours=hours)
        )

    def contact(self, number: int, customer: str | None, campaign: str, at: datetime) -> dict:
        """One contact."""
        return {
            "contact_id": self.rng.choice([f"N{number}", f"n{number}", f"{number}"]),
            "campaign_id": campaign,
            "customer_id": customer,
            "contacted_at": self.moment(at),
            "is_control": self.boolean(self.rng.choice([True, False, False, None])),
            "opened_at": self.response(at, 0.5, 1),
            "clicked_at": self.response(at, 0.35, 2),
            "unsubscribed_at": self.response(at, 0.04, 3),
            "loaded_at": self.loading(at),
        }

    def campaign_contacts(self) -> pd.DataFrame:
        """Contacts on the second of the windows' ends, controls and ties among them."""
        hour = timedelta(hours=1)
        offsets = [
            timedelta(0), -SECOND, SECOND, 24 * hour, 24 * hour + SECOND, 24 * hour - SECOND,
            120 * hour, 120 * hour + SECOND, 120 * hour - SECOND,
            120 * hour + timedelta(microseconds=1), 48 * hour, 3 * hour,
        ]  # fmt: skip
        campaigns = ["K1", "K2", "K3", "K4", "K5", "K6", "K99"]
        rows = []

        def add(customer: str | None, at: datetime) -> None:
            row = self.contact(len(rows) + 1, customer, self.rng.choice(campaigns), at)
            if rows and self.chance(0.15):
                # the same customer at the same moment
                row |= {name: rows[-1][name] for name in ("customer_id", "contacted_at")}
            elif rows and self.chance(0.2):
                # the same customer by the same campaign, now or at another moment
                row |= {name: rows[-1][name] for name in ("customer_id", "campaign_id")}
                if self.chance(0.4):
                    row["contacted_at"] = rows[-1]["contacted_at"]
            rows.append(row)

        for sale in self.sales:
            if self.chance(0.5):
                continue
            for _ in range(self.rng.randint(1, 3)):
                add(
                    sale["customer"] or self.some_customer(),
                    sale["at"] - self.rng.choice(offsets),
                )
        for _ in range(15 if self.sales else 0):
            days = self.rng.choice([0, 1, 2, 5, self.rng.randint(0, 1100)])
            add(self.some_customer(), self.some_moment(self.last_day - days * DAY))
        rows = self.repeat(rows, lambda _: {"is_control": self.boolean(True), "campaign_id": "K2"})
        return self.finish("campaign_contacts", rows, {"contacted_at": BAD_TIMESTAMPS})

    # -- service and leads -------------------------------------------------------------------------
    def interactions(self) -> pd.DataFrame:
        """Interactions of listed and other types, some resolved before they occurred."""
        rows = []
        for number in range(60):
            at = self.some_moment() if self.chance(0.6) else self.late_moment()
            later = [
                -DAY, -SECOND, timedelta(0), SECOND, timedelta(minutes=90), DAY,
                timedelta(hours=7, microseconds=1), 3 * DAY, 40 * DAY,
            ]  # fmt: skip
            rows.append(
                {
                    "interaction_id": f"I{number}",
                    "customer_id": self.some_customer(),
                    "occurred_at": self.moment(at),
                    "interaction_type": self.rng.choice(INTERACTION_TYPES),
                    "channel": self.rng.choice(CHANNELS),
                    "resolved_at": self.optional_moment(at + self.rng.choice(later))
                    if self.chance(0.7)
                    else None,
                    "sentiment": self.rng.choice(["good", "Good", None]),
                    "loaded_at": self.loading(at),
                }
            )
        rows = self.repeat(rows, lambda _: {"interaction_type": "MAIL", "sentiment": None})
        return self.finish("interactions", rows, {"occurred_at": BAD_TIMESTAMPS})

    def leads(self) -> pd.DataFrame:
        """Leads of all ages: open, won, lost, both, and closed before they were created."""
        delays = [
            -DAY, -SECOND, timedelta(0), SECOND, DAY, 2 * DAY, 30 * DAY, 31 * DAY, 60 * DAY,
            61 * DAY, 90 * DAY, 91 * DAY, 150 * DAY,
        ]  # fmt: skip
        rows = []
        for number in range(90):
            at = self.some_moment() if self.chance(0.4) else self.late_moment()
            end = self.rng.choice(["open", "open", "won", "won", "lost", "both"])
            won_at, lost_at = (at + self.rng.choice(delays) for _ in range(2))
            rows.append(
                {
                    "lead_id": f"L{number}",
                    "customer_id": self.some_customer(),
                    "source": self.rng.choice(["Web", "web", "fair", "unknown", None]),
                    "owner": self.rng.choice([*TEXTS[:3], "unknown", None]),
                    "created_at": self.moment(at),
                    "qualified_at": self.rng.choice([None, self.optional_moment(at + DAY)]),
                    "won_at": self.optional_moment(won_at) if end in ("won", "both") else None,
                    "lost_at": self.optional_moment(lost_at) if end in ("lost", "both") else None,
                    "deal_amount": self.optional_amount(
                        self.rng.choice([Decimal("1234.50"), Decimal("99.99"), Decimal(0)])
                    )
                    if self.chance(0.8)
                    else None,
                    "loaded_at": self.loading(at),
                }
            )
        rows = self.repeat(rows, lambda _: {"deal_amount": self.rng.choice(["9", "10", "100"])})
        return self.finish("leads", rows, {"created_at": BAD_TIMESTAMPS})

    def surveys(self) -> pd.DataFrame:
        """Surveys with scores on and beyond the ends of their range."""
        rows = []
        for number in range(70):
            at = self.some_moment() if self.chance(0.5) else self.late_moment()
            kind = self.rng.choice(["csat", "CSAT", "nps", "Nps ", "nps", "csat"])
            scores = ["1", "3", "3.99", "4", "4.5", "5", "5.00"]
            if kind.strip().lower() == "nps":
                scores = ["0", "6", "6.01", "7", "8.99", "9", "10"]
            if self.chance(0.15):
                kind = self.rng.choice([kind, "ces"])
                scores = ["0", "10", "11", "-1", "10.01", "0.99"]
            rows.append(
                {
                    "survey_id": f"S{number}",
                    "customer_id": self.some_customer(),
                    "survey_type": kind,
                    "score": self.rng.choice(scores),
                    "responded_at": self.moment(at),
                    "loaded_at": self.loading(at),
                }
            )
        rows = self.repeat(rows, lambda _: {"score": self.rng.choice(["9", "10", "3"])})
        return self.finish("surveys", rows, {"score": BAD_DECIMALS, "responded_at": BAD_TIMESTAMPS})

    def marketing_spend(self) -> pd.DataFrame:
        """Spend, keys with default purposes and amounts below 0 among it."""
        rows = [
            {
                "spend_date": self.rng.choice(
                    [self.some_day().isoformat()] * 9
                    + ["1899-12-31", "1900-01-01", self.last_day.isoformat()]
                ),
                "channel": self.rng.choice(["email", "Email", "ads"]),
                "purpose": self.rng.choice(
                    ["acquisition", None, " ", "Retention", "RETENTION", "brand"]
                ),
                "amount": self.amount(Decimal(self.rng.choice([-50, -5, 0, 7, 120, 400]))),
                "loaded_at": self.loading(),
            }
            for _ in range(40)
        ]
        rows = self.repeat(
            rows,
            lambda _: {"amount": "77.00", "purpose": self.rng.choice([None, "acquisition"])},
            0.3,
        )
        return self.finish(
            "marketing_spend", rows, {"spend_date": BAD_DATES, "amount": BAD_DECIMALS}
        )

    # -- all of it ---------------------------------------------------------------------------------
    def make(self, erasure: bool) -> dict[str, pd.DataFrame]:
        """Make all tables; transactions come first, the others hang on them."""
        raw = {
            "transactions": self.transactions(),
            "transaction_lines": self.transaction_lines(),
            "customers": self.customers_table(),
            "customer_merges": self.customer_merges(),
            "products": self.products(),
            "branches": self.branches(),
            "campaigns": self.campaigns(),
            "campaign_contacts": self.campaign_contacts(),
            "interactions": self.interactions(),
            "leads": self.leads(),
            "surveys": self.surveys(),
            "marketing_spend": self.marketing_spend(),
        }
        asking = self.erased_customers() if erasure else []
        raw["erasure_requests"] = self.erasure_requests(asking)
        if asking:
            self.add_rejected(raw, asking)
        if self.seed % 10 == 3:
            for table in sorted(set(raw) - {"transactions"}):
                fate = self.rng.choice(["keep", "empty", "absent"])
                if fate == "empty":
                    raw[table] = raw[table].iloc[:0]
                elif fate == "absent":
                    del raw[table]
        if self.seed % 10 == 5:
            for table, frame in raw.items():
                optional = sorted(set(frame.columns) - REQUIRED[table])
                dropped = [name for name in optional if self.chance(0.4)]
                if "status" in dropped:
                    frame = frame[[HUGE not in (value or "") for value in frame["amount"]]]
                if len(frame.columns) - len(dropped) > 1:
                    raw[table] = frame.drop(columns=dropped)
        return raw


def make_raw(
    seed: int, customers: int = 25, transactions: int = 250, erasure: bool = True
) -> dict[str, pd.DataFrame]:
    """Make hostile raw data.

    Seeds ending in 3 lack tables, those in 5 optional columns, those in 7 are tiny.
    """
    if seed % 10 == 7:
        draw = random.Random(f"tiny-{seed}")
        customers, transactions = draw.randint(0, 3), draw.choice([0, 1, 2, 3, 5, 5, 5])
    return Maker(seed, customers, transactions).make(erasure)


def write_raw(
    raw: dict[str, pd.DataFrame],
    folder: Path,
    fmt: str = "csv",
    shuffle_seed: int | None = None,
    parts: int = 1,
) -> None:
    """Write ``<table>.<fmt>``, or ``<table>/part-N.<fmt>``; rows shuffled if asked."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    writer = {"csv": write_csv, "parquet": write_parquet}[fmt]
    for table, frame in raw.items():
        rows = frame.to_numpy(dtype=object).tolist()
        if shuffle_seed is not None:
            random.Random(f"{shuffle_seed}-{table}").shuffle(rows)
        columns = list(frame.columns)
        if parts == 1:
            writer(columns, rows, folder / f"{table}.{fmt}")
            continue
        (folder / table).mkdir(exist_ok=True)
        for number in range(parts):
            writer(columns, rows[number::parts], folder / table / f"part-{number}.{fmt}")


def quote(value: str | None) -> str:
    """Write one CSV field, quoted where it must be."""
    if not isinstance(value, str):
        return ""
    if any(character in value for character in '",\r\n') or value != value.strip():
        return '"' + value.replace('"', '""') + '"'
    return value


def write_csv(columns: list[str], rows: list[list], path: Path) -> None:
    """Write CSV: UTF-8, comma, double quote, line feed, header; None is empty."""
    lines = [",".join(map(quote, fields)) + "\n" for fields in [columns, *rows]]
    path.write_bytes("".join(lines).encode())


def write_parquet(columns: list[str], rows: list[list], path: Path) -> None:
    """Write Parquet with text columns only."""
    values = [
        [row[i] if isinstance(row[i], str) else None for row in rows] for i in range(len(columns))
    ]
    fields = ", ".join(f'unnest(?::varchar[]) as "{name}"' for name in columns)
    target = str(path).replace("'", "''")
    with duckdb.connect() as connection:
        connection.execute(f"create table part as select {fields}", values)
        connection.execute(f"copy part to '{target}' (format parquet)")
