"""The guides that are in use: for each service, in the version and language that a person has."""

import logging

from flows.errors import GuideError
from flows.guide import Guide
from flows.library import load_guide
from flows.progress import Progress
from flows.services import Services

log = logging.getLogger("hearten.shelf")


class Shelf:
    """`name` is the guide that new people begin with. Others are read when somebody needs them, once."""

    def __init__(self, name: str, services: Services) -> None:
        self._name = name
        self._services = services
        self.present = load_guide(name)
        self._read: dict[tuple[str, int, str], Guide] = {(self.present.id, self.present.version, "en"): self.present}
        self._of_service: dict[tuple[str, int, str, str], Guide] = {}

    def first(self, service: str) -> Guide:
        """The guide with which somebody of this service begins."""
        return self._for(self.present, service)

    def of(self, progress: Progress) -> Guide:
        """The guide of somebody who is under way. Where their version is not kept any more, the present one."""
        wanted = (progress.guide, progress.guide_version, progress.language)
        if wanted not in self._read:
            self._read[wanted] = self._load(*wanted)
        return self._for(self._read[wanted], progress.service)

    def named(self, name: str, progress: Progress) -> Guide:
        """Another guide in its present version, for somebody of this service, in their language where it has it."""
        for language in (progress.language, "en"):
            try:
                guide = load_guide(name, None, language)
            except GuideError:
                continue
            self._read[(guide.id, guide.version, guide.language)] = guide
            return self._for(guide, progress.service)
        log.warning("the guide of a later round cannot be used: the present one is")
        return self._for(self.present, progress.service)

    def _load(self, name: str, version: int, language: str) -> Guide:
        source = self._name if name == self.present.id else name
        try:
            return load_guide(source, version, language)
        except GuideError as error:
            log.warning("a guide that somebody is on cannot be used (%s): the present one is", type(error).__name__)
            return self.present

    def _for(self, guide: Guide, service: str) -> Guide:
        wanted = (guide.id, guide.version, guide.language, service)
        if wanted not in self._of_service:
            found = self._services.find(service)
            self._of_service[wanted] = found.guide(guide) if found else guide
        return self._of_service[wanted]
