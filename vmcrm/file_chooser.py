"""A file field that speaks the page's language: the browser's own button speaks the browser's."""

from typing import Any

from django import forms
from django.forms.renderers import BaseRenderer, TemplatesSetting
from django.forms.utils import flatatt
from django.utils.safestring import SafeString


class FileChooser(forms.FileInput):
    """The input stays where keyboard and screen reader find it; its label is the button."""

    template_name = "includes/file_chooser.html"

    def render(
        self,
        name: str,
        value: Any,
        attrs: dict[str, Any] | None = None,
        renderer: BaseRenderer | None = None,
    ) -> SafeString:
        """By the project's templates, whatever draws the rest of the form."""
        return super().render(name, value, attrs, TemplatesSetting())

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        return {**context, "attributes": flatatt(context["widget"]["attrs"])}
