"""All tables, by subject. Rooms above read and write them; no table knows its URL, page or form."""

from surveyapp.store.models.accounts import (
    Identity,
    JourneyGrant,
    Passkey,
    PasswordReset,
    RecoveryCode,
    Throttle,
    TotpSecret,
    User,
    UserSession,
)
from surveyapp.store.models.alerts import Alert, AlertEvent
from surveyapp.store.models.audit import AuditEntry, AuditSeal
from surveyapp.store.models.backups import BackupNote
from surveyapp.store.models.base import NOTHING_SORTED, Base, Number
from surveyapp.store.models.benchmarks import BenchmarkSet, BenchmarkValue
from surveyapp.store.models.closed_loop import Case, CaseNote, ReplyTemplate
from surveyapp.store.models.comments import (
    Comment,
    CommentCode,
    CommentCoding,
    CommentMark,
    CommentOriginal,
    CommentProposal,
    PainPoint,
    PainPointEvidence,
)
from surveyapp.store.models.comparisons import (
    DriverPair,
    InvarianceMember,
    JourneyInvariance,
    SegmentInvariance,
    TimeInvariance,
)
from surveyapp.store.models.distribution import (
    Campaign,
    CampaignRecipient,
    MailKey,
    OutgoingMessage,
)
from surveyapp.store.models.file_contents import FileContent, FilePiece
from surveyapp.store.models.imports import ImportBatch, ImportPreview
from surveyapp.store.models.improvements import (
    ChangedPlace,
    PlannedAction,
    RegisteredChange,
)
from surveyapp.store.models.insights import (
    Insight,
    InsightPainPoint,
    Opportunity,
    OpportunityInsight,
)
from surveyapp.store.models.jobs import File, Job, Worker
from surveyapp.store.models.journeys import (
    CustomerGroup,
    Journey,
    JourneyTag,
    MapRemoval,
    Segment,
    Stage,
    Touchpoint,
    WeightingCell,
)
from surveyapp.store.models.keys import ApiKey, EncryptionKey, KeyFingerprint, SigningKey
from surveyapp.store.models.map_comments import MapComment, MapMention
from surveyapp.store.models.maps import (
    MapCell,
    MapChange,
    MapEvidence,
    MapLane,
    MapVersion,
    SubJourney,
)
from surveyapp.store.models.outcomes import CustomerOutcome, OutcomeAnalysis
from surveyapp.store.models.personas import Persona, PersonaEmotion
from surveyapp.store.models.population_shares import PopulationShares
from surveyapp.store.models.preregistrations import DeviationReason, Preregistration
from surveyapp.store.models.prize_draws import DrawEntry, PrizeDraw, PrizeDrawWinner
from surveyapp.store.models.projects import Project, ProjectAnalysis, ProjectModel, ProjectStep
from surveyapp.store.models.questionnaires import Questionnaire, QuestionnaireVersion
from surveyapp.store.models.report_schedules import (
    ReportLink,
    ReportSchedule,
    ScheduleRecipient,
    ScheduleRun,
)
from surveyapp.store.models.responses import (
    CARELESS_SIGNS,
    AnonymityEpoch,
    CarelessFlag,
    Counter,
    Draft,
    Erasure,
    FormRevision,
    HeldResponse,
    Response,
    Score,
    SharedEpochKey,
)
from surveyapp.store.models.results import (
    BINS,
    EVERYBODY,
    Analysis,
    AnswerCounting,
    KeptAnswers,
    MonthlyRollup,
    Report,
    ReportFile,
    Rollup,
    RollupFacet,
)
from surveyapp.store.models.retention import RetentionRound, RetentionRule
from surveyapp.store.models.sampling import (
    INVITATION_STATES,
    Contact,
    Decision,
    DecisionChange,
    DecisionCounting,
    DecisionKinds,
    DecisionRollup,
    Interaction,
    Invitation,
    InvitationChange,
    InvitationCounting,
    InvitationCounts,
    InvitationRollup,
    JourneyRun,
    OptOut,
)
from surveyapp.store.models.scale_development import (
    InterviewFinding,
    ItemTranslation,
    Judge,
    JudgingRound,
    ScaleConstruct,
    ScaleDevelopment,
    ScaleItem,
    ScaleItemChange,
    ScalePilot,
    ScaleVersion,
)
from surveyapp.store.models.sharing import SavedView, ShareLink, ShareLinkJourney
from surveyapp.store.models.stop_rules import StopRule
from surveyapp.store.models.suggestions import SuggestionDismissal
from surveyapp.store.models.surveys import ConsentText, SurveyRow, TestAnswer
from surveyapp.store.models.targets import RESPONSE_RATE, Target
from surveyapp.store.models.webhooks import Delivery, Event, Webhook, WebhookEvent

__all__ = [
    "BINS",
    "CARELESS_SIGNS",
    "EVERYBODY",
    "INVITATION_STATES",
    "NOTHING_SORTED",
    "RESPONSE_RATE",
    "Alert",
    "AlertEvent",
    "Analysis",
    "AnonymityEpoch",
    "AnswerCounting",
    "ApiKey",
    "AuditEntry",
    "AuditSeal",
    "BackupNote",
    "Base",
    "BenchmarkSet",
    "BenchmarkValue",
    "Campaign",
    "CampaignRecipient",
    "CarelessFlag",
    "Case",
    "CaseNote",
    "ChangedPlace",
    "Comment",
    "CommentCode",
    "CommentCoding",
    "CommentMark",
    "CommentOriginal",
    "CommentProposal",
    "ConsentText",
    "Contact",
    "Counter",
    "CustomerGroup",
    "CustomerOutcome",
    "Decision",
    "DecisionChange",
    "DecisionCounting",
    "DecisionKinds",
    "DecisionRollup",
    "Delivery",
    "DeviationReason",
    "Draft",
    "DrawEntry",
    "DriverPair",
    "EncryptionKey",
    "Erasure",
    "Event",
    "File",
    "FileContent",
    "FilePiece",
    "FormRevision",
    "HeldResponse",
    "Identity",
    "ImportBatch",
    "ImportPreview",
    "Insight",
    "InsightPainPoint",
    "Interaction",
    "InterviewFinding",
    "InvarianceMember",
    "Invitation",
    "InvitationChange",
    "InvitationCounting",
    "InvitationCounts",
    "InvitationRollup",
    "ItemTranslation",
    "Job",
    "Journey",
    "JourneyGrant",
    "JourneyInvariance",
    "JourneyRun",
    "JourneyTag",
    "Judge",
    "JudgingRound",
    "KeptAnswers",
    "KeyFingerprint",
    "MailKey",
    "MapCell",
    "MapChange",
    "MapComment",
    "MapEvidence",
    "MapLane",
    "MapMention",
    "MapRemoval",
    "MapVersion",
    "MonthlyRollup",
    "Number",
    "Opportunity",
    "OpportunityInsight",
    "OptOut",
    "OutcomeAnalysis",
    "OutgoingMessage",
    "PainPoint",
    "PainPointEvidence",
    "Passkey",
    "PasswordReset",
    "Persona",
    "PersonaEmotion",
    "PlannedAction",
    "PopulationShares",
    "Preregistration",
    "PrizeDraw",
    "PrizeDrawWinner",
    "Project",
    "ProjectAnalysis",
    "ProjectModel",
    "ProjectStep",
    "Questionnaire",
    "QuestionnaireVersion",
    "RecoveryCode",
    "RegisteredChange",
    "ReplyTemplate",
    "Report",
    "ReportFile",
    "ReportLink",
    "ReportSchedule",
    "Response",
    "RetentionRound",
    "RetentionRule",
    "Rollup",
    "RollupFacet",
    "SavedView",
    "ScaleConstruct",
    "ScaleDevelopment",
    "ScaleItem",
    "ScaleItemChange",
    "ScalePilot",
    "ScaleVersion",
    "ScheduleRecipient",
    "ScheduleRun",
    "Score",
    "Segment",
    "SegmentInvariance",
    "ShareLink",
    "ShareLinkJourney",
    "SharedEpochKey",
    "SigningKey",
    "Stage",
    "StopRule",
    "SubJourney",
    "SuggestionDismissal",
    "SurveyRow",
    "Target",
    "TestAnswer",
    "Throttle",
    "TimeInvariance",
    "TotpSecret",
    "Touchpoint",
    "User",
    "UserSession",
    "Webhook",
    "WebhookEvent",
    "WeightingCell",
    "Worker",
]

# As on PostgreSQL, a number that was given is never given again, also when its row is gone. Responses
# have a counter of their own, because random numbers lie above their consecutive ones.
for _table in Base.metadata.tables.values():
    if _table.autoincrement_column is not None and _table.name != Response.__tablename__:
        _table.dialect_options["sqlite"]["autoincrement"] = True
