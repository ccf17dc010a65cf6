"""Which shape each answer has: path below /api/v1 -> its shapes; with several, one of them."""

from __future__ import annotations

from typing import Any

from app.api.batch import LookupAnswer
from app.api.classifications import GroupList, IscoGroup, NaceCode, NaceList, SkillGroup
from app.api.crosswalk import CrosswalkAnswer
from app.api.domains import DomainDetail, DomainList, DomainMembers, ScopedList
from app.api.match import MatchAnswer
from app.api.occupations import OccupationDetail, SkillDetail, SkillRefs
from app.api.profiles.compare import ComparedMoves, Comparisons, RelatedOccupations
from app.api.profiles.routes import ProfileList
from app.api.profiles.views import Profile
from app.api.releases import JsonLdContext, LimitList, Live, Ready, ReadySparql, ReleaseList
from app.api.scope import OccupationEvidence, ReviewQueue
from app.api.search import SearchResults, Suggestions
from app.api.skills.areas import AreasOfUnit, BlocksOfUnit, FunctionsOfUnit
from app.api.skills.cluster_views import ClusterDetail
from app.api.skills.clusters import ClustersOfOccupation, ClustersOfSkill, ClustersOfUnit
from app.api.skills.of_domain import DomainComparison, SkillsOfUnit, TransversalProfile
from app.api.skills.transversal import TransversalSideBySide, TransversalSkills
from app.api.tables import CompactList
from app.api.views import OccupationList
from app.reports.scope import ScopeReport

ANSWERS: dict[str, tuple[Any, ...]] = {
    "/suggest": (Suggestions,),
    "/search": (SearchResults,),
    "/match": (MatchAnswer,),
    "/lookup": (LookupAnswer,),
    "/domains": (DomainList,),
    "/domains/{id}": (DomainDetail,),
    "/domains/{id}/occupations": (DomainMembers, ScopedList, CompactList),
    "/occupations": (OccupationList, CompactList),
    "/occupations/{uuid}": (OccupationDetail,),
    "/skills": (SkillRefs, CompactList),
    "/skills/{uuid}": (SkillDetail,),
    "/skill-groups": (GroupList,),
    "/skill-groups/{code}": (SkillGroup,),
    "/isco": (GroupList,),
    "/isco/{code}": (IscoGroup,),
    "/nace": (NaceList,),
    "/nace/{code}": (NaceCode,),
    "/scope": (ScopeReport,),
    "/scope/occupations/{uuid}": (OccupationEvidence,),
    "/scope/review-queue": (ReviewQueue, CompactList),
    "/crosswalk": (CrosswalkAnswer,),
    "/domains/compare": (DomainComparison,),
    "/domains/{id}/skills": (SkillsOfUnit,),
    "/domains/{id}/transversal": (TransversalProfile,),
    "/domains/{id}/transversal/skills": (TransversalSkills,),
    "/domains/transversal": (TransversalSideBySide,),
    "/domains/{id}/clusters": (ClustersOfUnit,),
    "/domains/{id}/areas": (AreasOfUnit,),
    "/domains/{id}/blocks": (BlocksOfUnit,),
    "/domains/{id}/functions": (FunctionsOfUnit,),
    "/clusters/{id}": (ClusterDetail,),
    "/skills/{uuid}/clusters": (ClustersOfSkill,),
    "/occupations/{uuid}/clusters": (ClustersOfOccupation,),
    "/profiles": (ProfileList,),
    "/domains/{id}/profiles": (ProfileList,),
    "/profiles/{id}": (Profile,),
    "/profiles/compose": (Profile,),
    "/profiles/compare": (Comparisons, ComparedMoves),
    "/occupations/{uuid}/related": (RelatedOccupations,),
    "/releases": (ReleaseList,),
    "/limits": (LimitList,),
    "/health/live": (Live,),
    "/health/ready": (Ready,),
    "/health/ready/sparql": (ReadySparql,),
    "/context.jsonld": (JsonLdContext,),
}
