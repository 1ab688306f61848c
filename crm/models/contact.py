"""Companies, contacts, and the addresses by which people are known."""

import uuid
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.models.team import LANGUAGES
from crm.querysets import CompanyQuerySet, ContactPointQuerySet, ContactQuerySet
from crm.search_words import build_search_words
from crm.validators import (
    is_role_address,
    normalise_email,
    normalise_name,
    normalise_phone,
    validate_time_zone,
)


class Company(models.Model):
    """An organisation that people belong to."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=200)
    domain = models.CharField(
        _("mail domain"), max_length=253, blank=True, help_text=_("For example hengrui.example.")
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("owner"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="companies",
    )
    team = models.ForeignKey(
        "crm.Team",
        verbose_name=_("team"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="companies",
    )
    search_words = models.TextField(editable=False, default="")
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects = CompanyQuerySet.as_manager()

    class Meta:
        verbose_name = _("company")
        verbose_name_plural = _("companies")
        ordering = ("name", "pk")
        indexes = [models.Index(fields=("domain",), name="company_by_domain")]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.name = normalise_name(self.name)
        self.domain = self.domain.strip().lower().removeprefix("@")
        self.search_words = build_search_words(self.name)
        super().save(*args, **kwargs)


class Contact(models.Model):
    """A person we know. Needs neither a company nor an address."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=200)
    company = models.ForeignKey(
        Company,
        verbose_name=_("company"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="contacts",
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("owner"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="contacts",
    )
    team = models.ForeignKey(
        "crm.Team",
        verbose_name=_("team"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="contacts",
    )
    collaborators = models.ManyToManyField(
        settings.AUTH_USER_MODEL,
        verbose_name=_("collaborators"),
        blank=True,
        related_name="shared_contacts",
    )
    language = models.CharField(_("language"), max_length=10, choices=LANGUAGES, blank=True)
    time_zone = models.CharField(
        _("time zone"), max_length=64, blank=True, validators=[validate_time_zone]
    )
    market = models.ForeignKey(
        "crm.Market",
        verbose_name=_("market"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="contacts",
    )
    source = models.CharField(_("source"), max_length=60, blank=True)
    is_internal = models.BooleanField(
        _("one of us"), default=False, help_text=_("Internal people never count in figures.")
    )
    engagement_score = models.PositiveIntegerField(_("engagement"), default=0, editable=False)
    last_activity_at = models.DateTimeField(_("last activity"), null=True, editable=False)
    search_words = models.TextField(editable=False, default="")
    erased_at = models.DateTimeField(_("erased"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    objects = ContactQuerySet.as_manager()

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        ordering = ("name", "pk")
        indexes = [
            models.Index(fields=("name", "id"), name="contact_by_name"),
            models.Index(fields=("owner", "name"), name="contact_by_owner"),
            models.Index(fields=("-engagement_score", "id"), name="contact_by_engagement"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(name__gt=""),
                name="contact_has_name",
                violation_error_message=_("A contact needs a name."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.name = normalise_name(self.name)
        self.search_words = build_search_words(self.name)
        if kwargs.get("update_fields") is not None:
            kwargs["update_fields"] = {*kwargs["update_fields"], "search_words", "updated_at"}
        super().save(*args, **kwargs)


class ContactPoint(models.Model):
    """An address, number or handle; exists before anybody knows whose it is."""

    class Kind(models.TextChoices):
        EMAIL = "email", _("E-mail")
        PHONE = "phone", _("Phone")
        HANDLE = "handle", _("Handle")

    class BounceState(models.TextChoices):
        NONE = "none", _("Fine")
        SOFT = "soft", _("Failed for a time")
        HARD = "hard", _("Does not exist")
        COMPLAINT = "complaint", _("Complained")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    contact = models.ForeignKey(
        Contact,
        verbose_name=_("contact"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="points",
    )
    kind = models.CharField(_("kind"), max_length=6, choices=Kind, default=Kind.EMAIL)
    value = models.CharField(_("address"), max_length=254)
    normalised = models.CharField(max_length=254, editable=False)
    verified_at = models.DateTimeField(_("verified"), null=True, blank=True, editable=False)
    bounce_state = models.CharField(
        _("delivery"), max_length=9, choices=BounceState, default=BounceState.NONE
    )
    is_shared = models.BooleanField(
        _("read by several people"),
        default=False,
        help_text=_("Such an address never identifies one person."),
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects = ContactPointQuerySet.as_manager()

    class Meta:
        verbose_name = _("contact point")
        verbose_name_plural = _("contact points")
        ordering = ("kind", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=("kind", "normalised"),
                name="contact_point_once",
                violation_error_message=_("This address is known already."),
            ),
            models.CheckConstraint(
                condition=Q(normalised__gt=""),
                name="contact_point_has_value",
                violation_error_message=_("The address is missing."),
            ),
        ]

    def __str__(self) -> str:
        return self.value

    def save(self, *args: Any, **kwargs: Any) -> None:
        if kwargs.get("update_fields") is None:
            self.normalised = normalise_point(self.kind, self.value)
        super().save(*args, **kwargs)

    def clean(self) -> None:
        try:
            self.normalised = normalise_point(self.kind, self.value)
        except ValidationError as error:
            raise ValidationError({"value": error.messages}) from error
        if self.kind == self.Kind.EMAIL and self._state.adding and is_role_address(self.value):
            self.is_shared = True
        # `normalised` is in no form, so the form does not check the constraint itself. Whose the
        # address is may only be said to who sees that contact: see `ContactPointForm`.
        others = ContactPoint.objects.filter(kind=self.kind, normalised=self.normalised)
        if others.exclude(pk=self.pk).exists():
            sentence = _("This address cannot be added here. An administrator can look up why.")
            raise ValidationError({"value": ValidationError(sentence, code="taken")})


def normalise_point(kind: str, value: str) -> str:
    """The value in the one spelling that is compared. Raises ValidationError."""
    if kind == ContactPoint.Kind.EMAIL:
        return normalise_email(value)
    if kind == ContactPoint.Kind.PHONE:
        return normalise_phone(value)
    return normalise_name(value).casefold()
