"""A year of spend and sales, so that regression has something to find.

Monthly sales follow the spend on ads and events with noise on top; the true weights stand below,
and an analysis that works should come close to them.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from random import Random

from crm.models import Channel, Contact, Product, Purchase, Spend

CURRENCY = "EUR"
MONTHS = 14
SALES_WITHOUT_SPEND = 60_000.0
SALES_PER_UNIT_OF_SPEND = {"Online ads": 3.2, "Offline events": 2.1}
NOISE_SD = 6_000.0
# Channel: kind, least and most spend in a month.
CHANNELS = {
    "Online ads": (Channel.Kind.ADS, 8_000, 24_000),
    "Social media": (Channel.Kind.SOCIAL, 3_000, 9_000),
    "Newsletter": (Channel.Kind.MAIL, 500, 1_500),
    "Trade forums": (Channel.Kind.FORUM, 400, 1_200),
    "Offline events": (Channel.Kind.EVENT, 5_000, 20_000),
    "Partners": (Channel.Kind.PARTNER, 1_000, 4_000),
}
PRODUCTS = (
    ("LM-POCKET", "Lumen Pocket", 2_400),
    ("LM-CART", "Lumen Cart", 18_500),
    ("LM-PROBE", "Linear probe", 1_150),
    ("LM-CARE", "Service plan, one year", 690),
)


@dataclass(frozen=True)
class BuyerKind:
    """People who buy alike, so that segments have something to find."""

    people: int
    rate: int
    """How often they buy beside the others."""
    product_rates: tuple[int, ...]
    """How often each of PRODUCTS beside the others."""
    has_stopped: bool = False
    """Nothing in the second half of the time."""


BUYER_KINDS = (
    BuyerKind(people=30, rate=10, product_rates=(1, 0, 6, 9)),
    BuyerKind(people=20, rate=2, product_rates=(3, 5, 0, 0)),
    BuyerKind(people=40, rate=3, product_rates=(1, 0, 4, 4), has_stopped=True),
)
Buyer = tuple[Contact, BuyerKind]


def list_months(today: date, count: int = MONTHS) -> list[date]:
    """The first days of the last `count` complete months, oldest first."""
    index = today.year * 12 + today.month - 1
    return [date(n // 12, n % 12 + 1, 1) for n in range(index - count, index)]


def create_money(random: Random, today: date, contacts: list[Contact]) -> None:
    """Channels, products, monthly spend, and purchases that add up to each month's sales."""
    channels = {
        name: Channel.objects.create(name=name, kind=kind)
        for name, (kind, _, _) in CHANNELS.items()
    }
    products = [
        (Product.objects.create(code=code, name=name), price) for code, name, price in PRODUCTS
    ]
    buyers = _choose_buyers(random, contacts)
    months = list_months(today)
    spends, purchases = [], []
    for number, month in enumerate(months):
        amounts = {
            name: random.randrange(low, high, 100) for name, (_, low, high) in CHANNELS.items()
        }
        spends += [
            Spend(channel=channels[name], month=month, amount=Decimal(amount), currency=CURRENCY)
            for name, amount in amounts.items()
        ]
        sales = SALES_WITHOUT_SPEND + random.gauss(0, NOISE_SD)
        sales += sum(rate * amounts[name] for name, rate in SALES_PER_UNIT_OF_SPEND.items())
        is_late = number >= len(months) / 2
        present = [buyer for buyer in buyers if not (is_late and buyer[1].has_stopped)]
        purchases += _make_purchases(random, month, sales, products, present)
    Spend.objects.bulk_create(spends)
    Purchase.objects.bulk_create(purchases)


def _choose_buyers(random: Random, contacts: list[Contact]) -> list[Buyer]:
    kinds = [kind for kind in BUYER_KINDS for _ in range(kind.people)]
    people = random.sample([entry for entry in contacts if entry.company_id], k=len(kinds))
    return list(zip(people, kinds, strict=True))


def _make_purchases(
    random: Random,
    month: date,
    sales: float,
    products: list[tuple[Product, int]],
    buyers: list[Buyer],
) -> list[Purchase]:
    purchases: list[Purchase] = []
    rates = [kind.rate for _, kind in buyers]
    left = Decimal(round(sales))
    while left > 0:
        ((buyer, kind),) = random.choices(buyers, rates)
        ((product, price),) = random.choices(products, kind.product_rates)
        quantity = random.randrange(1, 5)
        amount = min(left, Decimal(price * quantity))
        purchases.append(
            Purchase(
                contact=buyer,
                company=buyer.company,
                product=product,
                purchased_on=month.replace(day=random.randrange(1, 29)),
                quantity=quantity,
                amount=amount,
                currency=CURRENCY,
                source="demo",
                source_key=f"demo:{month:%Y-%m}:{len(purchases)}",
            )
        )
        left -= amount
    return purchases
