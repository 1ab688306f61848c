"""Teams form a tree; the people who work with the system belong to them."""

import secrets
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Value
from django.db.models.functions import Concat, Substr
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from crm.querysets import UserQuerySet, VisibleQuerySet
from crm.validators import normalise_email, normalise_name, validate_time_zone

LANGUAGES = [("en", _("English")), ("zh-hans", _("Simplified Chinese"))]
ROLE_NAMES = ("sales", "manager", "marketing", "admin", "auditor")
_WIDE_ROLES = frozenset({"marketing", "admin", "auditor"})


def _new_label() -> str:
    return secrets.token_hex(4)


class Team(models.Model):
    """A team; `path` holds the labels from the root down, so that a subtree is a prefix."""

    name = models.CharField(_("name"), max_length=120)
    parent = models.ForeignKey(
        "self",
        verbose_name=_("part of"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="children",
    )
    label = models.CharField(max_length=8, default=_new_label, unique=True, editable=False)
    path = models.CharField(max_length=255, unique=True, editable=False)

    objects = VisibleQuerySet["Team"].as_manager()

    class Meta:
        verbose_name = _("team")
        verbose_name_plural = _("teams")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        old_path = self.path
        self.path = f"{self.parent.path if self.parent else '/'}{self.label}/"
        super().save(*args, **kwargs)
        if old_path and old_path != self.path:
            Team.objects.filter(path__startswith=old_path).update(
                path=Concat(Value(self.path), Substr("path", len(old_path) + 1))
            )

    def clean(self) -> None:
        if self.parent and self.path and self.parent.path.startswith(self.path):
            raise ValidationError(
                {"parent": _("A team cannot be part of itself or of a team below it.")}
            )


class UserManager(BaseUserManager["User"].from_queryset(UserQuerySet)):  # type: ignore[misc]
    """Makes accounts; the address is the name to log in with."""

    def _create(self, email: str, password: str | None, **fields: Any) -> "User":
        user: User = self.model(email=normalise_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self._create(email, password, **fields)

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self._create(email, password, **fields, is_staff=True, is_superuser=True)

    def get_by_natural_key(self, username: str | None) -> "User":
        user: User = self.get(email=(username or "").strip().lower())
        return user


class User(AbstractBaseUser, PermissionsMixin):
    """An account. Staff are invited; whoever registers alone is an attendee."""

    email = models.EmailField(
        _("e-mail address"),
        unique=True,
        error_messages={"unique": _("There is already an account with this address.")},
    )
    name = models.CharField(_("name"), max_length=200, blank=True)
    language = models.CharField(_("language"), max_length=10, choices=LANGUAGES, default="en")
    time_zone = models.CharField(
        _("time zone"), max_length=64, default="UTC", validators=[validate_time_zone]
    )
    team = models.ForeignKey(
        Team,
        verbose_name=_("team"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="members",
    )
    is_staff = models.BooleanField(
        _("works here"),
        default=False,
        help_text=_("May enter the administration, as far as the roles allow."),
    )
    is_active = models.BooleanField(
        _("active"), default=True, help_text=_("Take this away instead of deleting an account.")
    )
    date_joined = models.DateTimeField(_("since"), default=timezone.now, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    if TYPE_CHECKING:
        id: int

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        ordering = ("name", "email")

    def __str__(self) -> str:
        return self.name or self.email

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.email = self.email.strip().lower()
        self.name = normalise_name(self.name)
        super().save(*args, **kwargs)

    def get_full_name(self) -> str:
        return self.name or self.email

    def get_short_name(self) -> str:
        """The first word of a western name, the whole of a Chinese one."""
        return self.name.split(" ")[0] if self.name else self.email.partition("@")[0]

    @cached_property
    def role_names(self) -> frozenset[str]:
        """The roles held, read once for each request; a superuser holds `admin`."""
        names = set(self.groups.values_list("name", flat=True)) & set(ROLE_NAMES)
        return frozenset(names | ({"admin"} if self.is_superuser else set()))

    @property
    def sees_everything(self) -> bool:
        return bool(self.role_names & _WIDE_ROLES)

    @property
    def is_manager(self) -> bool:
        return "manager" in self.role_names
