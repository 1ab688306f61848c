"""What every admin class of ours begins with: rows by `visible_to`, rights by permissions."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db import models
from django.forms import BoundField, Widget
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from crm import permissions

if TYPE_CHECKING:
    AdminBase = admin.ModelAdmin[Any]
    InlineBase = admin.options.InlineModelAdmin[Any, Any]
    TableBase = admin.TabularInline[Any, Any]
else:
    AdminBase = object
    InlineBase = object
    TableBase = admin.TabularInline


class VisibleAdmin(AdminBase):
    """Mixin before `ModelAdmin`: `class MeetingAdmin(VisibleAdmin, admin.ModelAdmin)`.

    Rows come from the manager's `visible_to(user)`: list, detail, autocomplete, actions and the
    choices of foreign keys. Rights come from `crm.permissions` (its tables, or `set_editors` of
    the upper apps); override the four `can_*` methods where a model has predicates of its own.
    """

    show_full_result_count = False
    linked_filters: tuple[str, ...] = ()
    """What our own pages link to beside `list_filter`; nothing else filters a list."""

    def can_view(self, user: Any, record: models.Model | None) -> bool:
        if record is None:
            return permissions.can_view_any(user, self.model)
        return permissions.can_view(user, record)

    def can_add(self, user: Any) -> bool:
        return permissions.can_add(user, self.model)

    def can_change(self, user: Any, record: models.Model | None) -> bool:
        if record is None:
            return permissions.can_add(user, self.model)
        return permissions.can_change(user, record)

    def can_delete(self, user: Any, record: models.Model | None) -> bool:
        if record is None:
            return permissions.can_delete_any(user, self.model)
        return permissions.can_delete(user, record)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        manager: Any = self.model._default_manager
        queryset: models.QuerySet[Any] = manager.visible_to(request.user)
        ordering = self.get_ordering(request)
        return queryset.order_by(*ordering) if ordering else queryset

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.can_view(request.user, None)

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return self.can_view(request.user, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.can_add(request.user)

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return self.can_change(request.user, obj)

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return self.can_delete(request.user, obj)

    def get_form(
        self,
        request: HttpRequest,
        obj: models.Model | None = None,
        change: bool = False,
        **kwargs: Any,
    ) -> Any:
        request.edited_record = obj  # type: ignore[attr-defined]  # read by `visible_choices`
        return super().get_form(request, obj, change=change, **kwargs)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs.setdefault("queryset", visible_choices(db_field, request))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs.setdefault("queryset", visible_choices(db_field, request))
        return super().formfield_for_manytomany(db_field, request, **kwargs)


def visible_choices(db_field: Any, request: HttpRequest) -> models.QuerySet[Any]:
    """Only visible rows can be chosen, and the one that stands there already may stay.

    A forged id of an invisible row is refused.
    """
    manager = db_field.remote_field.model._default_manager
    queryset: models.QuerySet[Any] = manager.all()
    if not hasattr(manager, "visible_to"):  # Django's own models: roles
        return queryset
    queryset = manager.visible_to(request.user)
    record = getattr(request, "edited_record", None)
    if isinstance(record, db_field.model) and db_field.many_to_one:
        queryset = queryset | manager.filter(pk=getattr(record, db_field.attname))
    return queryset


class VisibleInline(InlineBase):
    """Mixin before `StackedInline`, and part of `VisibleTable`: the rights of the parent's page."""

    extra = 0

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return permissions.can_view_any(request.user, self.model)

    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return permissions.can_add(request.user, self.model)

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return permissions.can_add(request.user, self.model)

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return permissions.can_delete_any(request.user, self.model)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs.setdefault("queryset", visible_choices(db_field, request))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class VisibleTable(VisibleInline, TableBase):
    """Rows of the parent's page as a table: `class FigureInline(VisibleTable)`."""

    def get_formset(
        self, request: HttpRequest, obj: models.Model | None = None, **kwargs: Any
    ) -> Any:
        formset: Any = super().get_formset(request, obj, **kwargs)
        formset.form.bound_field_class = CellField
        return formset


class CellField(BoundField):
    """A field of a table. Django shows the help once, in the head of the column, and lets every
    field point at a help of its own that is not there: each brings it along, unseen."""

    def as_widget(
        self,
        widget: Widget | None = None,
        attrs: dict[str, Any] | None = None,
        only_initial: bool = False,
    ) -> SafeString:
        shown = super().as_widget(widget, attrs, only_initial)
        if not self.help_text or self.is_hidden or only_initial:
            return shown
        return format_html(
            '{}<span id="{}_helptext" class="visually-hidden">{}</span>',
            *(shown, self.auto_id, self.help_text),
        )


class ReadOnlyAdmin(VisibleAdmin):
    """For what the system writes itself: everybody only looks."""

    def can_add(self, user: Any) -> bool:
        return False

    def can_change(self, user: Any, record: models.Model | None) -> bool:
        return False

    def can_delete(self, user: Any, record: models.Model | None) -> bool:
        return False


class VisibleRelatedFilter(admin.RelatedFieldListFilter):
    """What stands for a plain name of a relation in `list_filter`: only visible rows to choose."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> Any:
        manager = field.related_model._default_manager
        if not hasattr(manager, "visible_to"):  # Django's own models: roles
            return super().field_choices(field, request, model_admin)
        ordering = self.field_admin_ordering(field, request, model_admin)
        visible = manager.visible_to(request.user).values("pk")
        return field.get_choices(
            include_blank=False, ordering=ordering, limit_choices_to={"pk__in": visible}
        )


admin.FieldListFilter.register(
    lambda field: bool(field.remote_field), VisibleRelatedFilter, take_priority=True
)


class MarketFilter(admin.RelatedOnlyFieldListFilter):
    """Markets that occur in the list. A market's name is made of two rows: all in one query."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> Any:
        occurring = model_admin.get_queryset(request).order_by().values(field.attname)
        markets = field.related_model.objects.filter(pk__in=occurring)
        return [
            (market.pk, str(market))
            for market in markets.select_related("region", "customer_group")
        ]


def badge(text: Any, tone: str) -> SafeString:
    """A word in a coloured pill; `tone` is good, warn, bad, accent or neutral."""
    return format_html('<span class="badge badge-{}">{}</span>', tone, text)
