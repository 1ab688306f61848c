"""Static files under names that carry a digest of their content, and a gzip copy beside each.

Modules are rewritten too, so an `import "./peer.js";` reaches the file of the same release.
"""

from typing import Any

from servestatic.compress import Compressor
from servestatic.storage import CompressedManifestStaticFilesStorage


class HashedStaticStorage(CompressedManifestStaticFilesStorage):
    """`collectstatic` writes the manifest. Once there is one, a name it lacks is an error."""

    support_js_module_import_aggregation = True
    # One pass for each step of the longest chain of imports; five, the default, is too few.
    max_post_process_passes = 20

    def stored_name(self, name: str) -> str:
        """The hashed name; the plain one as long as nothing has been collected at all.

        Test runs and a fresh clone render pages before `collectstatic` ever ran, and must not
        fail for that. A manifest that exists is complete, so there a missing name is a mistake in
        a template and is raised.
        """
        if not self.hashed_files:
            return name
        return str(super().stored_name(name))

    def create_compressor(self, **kwargs: Any) -> Compressor:
        """Gzip only: brotli over every file takes most of a minute."""
        return Compressor(**{**kwargs, "use_brotli": False, "use_zstd": False})
