"""Lists whose rows belong to a person are searched as people are found everywhere."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from crm.models import ContactPoint

if TYPE_CHECKING:
    _Base = admin.ModelAdmin[Any]
else:
    _Base = object


class PeopleSearch(_Base):
    """Mixin: beside `search_fields`, finds rows by name, company and addresses of a person whom the
    searcher sees."""

    point_lookup = "contact_point"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        found, has_duplicates = super().get_search_results(request, queryset, search_term)
        if not search_term.strip():
            return found, has_duplicates
        user: Any = request.user
        points = ContactPoint.objects.visible_to(user).search(search_term)
        of_people = queryset.filter(**{f"{self.point_lookup}__in": points.values("pk")})
        return found | of_people, has_duplicates
