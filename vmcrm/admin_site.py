"""Our admin site: work in place of a list of tables, and one login for everybody."""

from allauth.account.decorators import secure_admin_login
from django.contrib.admin import AdminSite
from django.utils.translation import gettext_lazy as _


class VmcrmAdminSite(AdminSite):
    site_header = "vmcrm"
    site_title = "vmcrm"
    index_title = _("Today")


# Staff sign in as everybody does: rate limits, second factor and audit are in one place.
VmcrmAdminSite.login = secure_admin_login(VmcrmAdminSite.login)
