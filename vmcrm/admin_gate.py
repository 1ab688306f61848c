"""What an address may ask of the administration: its own filters, its own rows, in bounds.

Django takes any lookup on a model's own columns from the address of a list: that reads password
hashes letter by letter, and a regular expression holds the process up. Every class that is
registered at our site passes this gate instead, Django's and allauth's own included. What a list
does not offer is refused with a page that says so, never answered with the whole list.
"""

from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.exceptions import DisallowedModelAdminLookup, DisallowedModelAdminToField
from django.contrib.admin.filters import ChoicesFieldListFilter, ListFilter, SimpleListFilter
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import prepare_lookup_value, quote, unquote
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import BadRequest, ValidationError
from django.db import DataError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from crm.search_words import is_cut, shorten

if TYPE_CHECKING:
    AdminBase = admin.ModelAdmin[Any]
else:
    AdminBase = object

REFUSED: Final = (
    IncorrectLookupParameters,
    DisallowedModelAdminLookup,
    DisallowedModelAdminToField,
    *(ValueError, OverflowError, DataError),  # a value that the column cannot even be compared with
)
_DATE_PARTS: Final = ("year", "month", "day")


class GatedChangeList(ChangeList):
    """Filters by what the list offers, and by nothing else."""

    def get_filters(self, request: HttpRequest) -> Any:
        """Raises IncorrectLookupParameters for a name or a value that is not on offer."""
        asked = self.get_filters_params()
        if "\0" in "".join(value for values in request.GET.lists() for value in values[1]):
            raise IncorrectLookupParameters
        specs, has_filters, rest, may_repeat, is_active = super().get_filters(request)
        for spec in specs:
            _refuse_unknown_choice(spec)
        bounds = self._date_bounds(asked)
        if not set(rest) <= {*bounds, *getattr(self.model_admin, "linked_filters", ())}:
            raise IncorrectLookupParameters
        rest |= _unapplied(asked, specs, {*rest, *self._date_names()})
        # What narrows the list without being shown beside it counts: else nothing says so.
        return specs, has_filters, rest, may_repeat, is_active or bool(rest)

    def _date_names(self) -> set[str]:
        return {f"{self.date_hierarchy}__{part}" for part in _DATE_PARTS}

    def _date_bounds(self, asked: dict[str, Any]) -> set[str]:
        """What Django makes of the year, month and day of the date hierarchy."""
        if not self.date_hierarchy or f"{self.date_hierarchy}__year" not in asked:
            return set()
        return {f"{self.date_hierarchy}__gte", f"{self.date_hierarchy}__lt"} - set(asked)


def _refuse_unknown_choice(spec: ListFilter) -> None:
    """A choice that is none would show the whole list, or an empty one without a reason."""
    known: set[str] | None = None
    if isinstance(spec, SimpleListFilter):
        known = {str(value) for value, _label in spec.lookup_choices}
        asked = [spec.value()]
    elif isinstance(spec, ChoicesFieldListFilter):
        known = {str(value) for value, _label in spec.field.flatchoices}
        asked = [*(spec.lookup_val or ())]
    if known is not None and not {str(value) for value in asked if value} <= known:
        raise IncorrectLookupParameters


def _unapplied(
    asked: dict[str, list[str]], specs: list[ListFilter], applied: set[str]
) -> dict[str, Any]:
    """Django drops the values of a filter that has too few choices to be shown: the whole list
    would come. They count as well."""
    shown = {name for spec in specs for name in spec.expected_parameters() if name}
    return {
        name: prepare_lookup_value(name, values)
        for name, values in asked.items()
        if name not in shown | applied
    }


class GatedAdmin(AdminBase):
    """Goes before every registered class; see `VmcrmAdminSite.register`."""

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return GatedChangeList

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """Raises FilterRefused."""
        try:
            return super().get_changelist_instance(request)
        except REFUSED as error:
            if not request.GET:
                raise  # not the address: a fault of ours
            raise FilterRefused from error

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        asked = request.GET.get("q", "")
        try:
            response = super().changelist_view(request, extra_context)
        except FilterRefused:
            return self._refuse(request)
        if is_cut(asked):
            messages.warning(request, _("The search is long: only its first words count."))
        return response

    def response_action(
        self, request: HttpRequest, queryset: QuerySet[Any], *args: Any, **kwargs: Any
    ) -> Any:
        for key in request.POST.getlist(ACTION_CHECKBOX_NAME):
            if not self._is_key(key):
                raise BadRequest
        return super().response_action(request, queryset, *args, **kwargs)

    def _refuse(self, request: HttpRequest) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("This list cannot be shown like that"),
        }
        return TemplateResponse(request, "admin/refused_list.html", context, status=400)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Lists and autocompletes: a search of any length is answered, in bounded time."""
        return super().get_search_results(request, queryset, shorten(search_term))

    def to_field_allowed(self, request: HttpRequest, to_field: str) -> bool:
        """Rows are named by their key; other columns would be a way to ask for their values."""
        return to_field == self.opts.pk.name

    # --- One row ---------------------------------------------------------------------------------
    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        return super().change_view(request, self._key(object_id), form_url, extra_context)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return super().delete_view(request, self._key(object_id), extra_context)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return super().history_view(request, self._key(object_id), extra_context)

    def _key(self, object_id: str) -> str:
        """The row's key in the one spelling of it. Raises Http404 for what cannot be one."""
        if not self._is_key(unquote(object_id)):
            raise Http404
        return str(quote(self.opts.pk.to_python(unquote(object_id))))

    def _is_key(self, text: str) -> bool:
        field: Any = self.opts.pk
        try:
            field.run_validators(field.to_python(text))
        except ValidationError:
            return False
        return True

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """A number that no row can have, among several chosen, is the database's own error."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except OverflowError as error:
            raise BadRequest from error

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Values that an address fills into a new form: only those that the fields can take."""
        fields = self.get_form(request, None, change=False).base_fields
        given = {name: fields[name] for name in request.GET if name in fields}
        wrong = [name for name, field in given.items() if not _takes(field, request.GET[name])]
        for name in wrong:
            sentence = _("The address fills in “%(field)s” with something that is not possible.")
            messages.warning(request, sentence % {"field": given[name].label})
        kept = request.GET.copy()
        for name in wrong:
            del kept[name]
        asked: Any = request
        asked.GET = kept  # so that what the class itself proposes stays
        return super().get_changeform_initial_data(request)


def _takes(field: forms.Field, value: str) -> bool:
    """Whether the form's field can be filled in with what stands in an address."""
    if isinstance(field, forms.FileField):
        return False
    is_list = isinstance(field, forms.ModelMultipleChoiceField)
    try:
        field.clean(value.split(",") if is_list else value)
    except (ValidationError, ValueError, OverflowError):
        return False
    return True


class FilterRefused(Exception):
    """The address asks the list for something that it does not offer."""
