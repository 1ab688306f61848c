"""Tables of the crm app, one file per subject."""

from crm.models.activity import Activity, Task
from crm.models.campaign import Campaign, Channel, Spend
from crm.models.consent import ConsentChannel, ConsentEvent, ConsentState, Purpose, Suppression
from crm.models.contact import Company, Contact, ContactPoint, normalise_point
from crm.models.demo import DemoRow
from crm.models.identity import IdentityLink, IdentitySuggestion
from crm.models.mailing import Delivery, Mailing, MailingRecipient
from crm.models.market import Competitor, CustomerGroup, Market, MarketFigure, Region
from crm.models.organisation import Organisation
from crm.models.profile import ContactProfile, ProfileFact
from crm.models.purchase import Product, Purchase
from crm.models.team import LANGUAGES, ROLE_NAMES, Team, User

__all__ = [
    "LANGUAGES",
    "ROLE_NAMES",
    "Activity",
    "Campaign",
    "Channel",
    "Company",
    "Competitor",
    "ConsentChannel",
    "ConsentEvent",
    "ConsentState",
    "Contact",
    "ContactPoint",
    "ContactProfile",
    "CustomerGroup",
    "Delivery",
    "DemoRow",
    "IdentityLink",
    "IdentitySuggestion",
    "Mailing",
    "MailingRecipient",
    "Market",
    "MarketFigure",
    "Organisation",
    "Product",
    "ProfileFact",
    "Purchase",
    "Purpose",
    "Region",
    "Spend",
    "Suppression",
    "Task",
    "Team",
    "User",
    "normalise_point",
]
