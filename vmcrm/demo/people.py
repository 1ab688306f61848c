"""Companies and 300 contacts, with the gaps and duplicates that real address books have."""

from datetime import date, datetime, timedelta
from random import Random

from crm.models import Company, Contact, ContactPoint, ContactProfile, Market, ProfileFact, User
from crm.services import consent, contact_points
from vmcrm.demo.names import (
    BUYING_HABITS,
    CHINESE_FAMILY_NAMES,
    CHINESE_GIVEN_NAMES,
    COMPANIES,
    EUROPEAN_FAMILY_NAMES,
    EUROPEAN_GIVEN_NAMES,
    INCOME_BANDS,
    INTERESTS,
    OCCUPATIONS,
)

SOURCE = "demo"
CONTACTS = 300
DUPLICATES = 12


def create_people(
    random: Random,
    now: datetime,
    users: dict[str, User],
    markets: dict[tuple[str, str], Market],
) -> list[Contact]:
    """The contacts that can be invited: those with an address of their own."""
    companies = [
        (_create_company(name, domain, users, region), region, group)
        for name, domain, region, group in COMPANIES
    ]
    contacts = []
    for number in range(CONTACTS - DUPLICATES):
        company, region, group = random.choice(companies)
        country = region.partition("-")[0]
        contacts.append(
            _create_contact(random, now.date(), number, company, markets[country, group], country)
        )
    for original in random.sample(contacts, k=DUPLICATES):
        _create_duplicate(random, original)
    _turn_back(random, now)
    return [contact for contact in contacts if contact.points.filter(kind="email").exists()]


def _turn_back(random: Random, now: datetime) -> None:
    """They came over the last two years, not all of them today."""
    contacts = list(Contact.objects.filter(source=SOURCE))
    for contact in contacts:
        contact.created_at = now - timedelta(days=random.randrange(1, 730))
    Contact.objects.bulk_update(contacts, ["created_at"])


def _create_company(name: str, domain: str, users: dict[str, User], region: str) -> Company:
    owner = users["chen"] if region.startswith("CN") else users["anna"]
    return Company.objects.create(name=name, domain=domain, owner=owner, team=owner.team)


def _create_contact(
    random: Random, today: date, number: int, company: Company, market: Market, country: str
) -> Contact:
    is_chinese = country == "CN"
    contact = Contact.objects.create(
        name=_make_name(random, is_chinese=is_chinese),
        company=company if random.random() < 0.93 else None,
        owner=company.owner,
        team=company.team,
        language="zh-hans" if is_chinese else "en",
        time_zone="Asia/Shanghai" if is_chinese else "Europe/Berlin",
        market=market if random.random() < 0.9 else None,
        source=SOURCE,
    )
    if random.random() < 0.95:
        address = f"contact{number:03d}@{company.domain}"
        point = contact_points.ensure_email_point(address=address)
        ContactPoint.objects.filter(pk=point.pk).update(contact=contact)
        if random.random() < 0.8:
            consent.grant_many(contact_point=point, purposes=["marketing"], source="demo fair")
    if random.random() < 0.4:
        prefix = "+86 138" if is_chinese else "+49 151"
        ContactPoint.objects.create(
            contact=contact, kind="phone", value=f"{prefix}{random.randrange(10**7, 10**8)}"
        )
    _create_profile(random, today, contact)
    return contact


def _make_name(random: Random, *, is_chinese: bool) -> str:
    if is_chinese:
        return random.choice(CHINESE_FAMILY_NAMES) + random.choice(CHINESE_GIVEN_NAMES)
    return f"{random.choice(EUROPEAN_GIVEN_NAMES)} {random.choice(EUROPEAN_FAMILY_NAMES)}"


def _create_profile(random: Random, today: date, contact: Contact) -> None:
    values = {
        "birth_year": today.year - random.randrange(24, 66),
        "gender": random.choice(("female", "male")),
        "occupation": random.choice(OCCUPATIONS),
        "income_band": random.choice(INCOME_BANDS),
        "interests": sorted(random.sample(INTERESTS, k=random.randrange(1, 4))),
        "buying_habit": random.choice(BUYING_HABITS),
    }
    known = {key: value for key, value in values.items() if random.random() < 0.75}
    ContactProfile.objects.update_or_create(contact=contact, defaults=known)
    ProfileFact.objects.bulk_create(
        ProfileFact(contact=contact, key=key, value=value, source=ProfileFact.Source.IMPORT)
        for key, value in known.items()
    )


def _create_duplicate(random: Random, original: Contact) -> None:
    """The same person once more, as a second address book would have them."""
    name = original.name
    if " " in name:
        given, _, family = name.partition(" ")
        name = random.choice((f"{family}, {given}", f"{given[0]}. {family}", name.upper()))
    Contact.objects.create(
        name=name,
        company=original.company if random.random() < 0.5 else None,
        owner=original.owner,
        team=original.team,
        source=SOURCE,
    )
