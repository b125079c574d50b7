"""The table of pages: what the application registers, and what the navigation shows.

A page has one noun: its module here, its blueprint, its addresses and its folder of templates bear it.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Flask, request
from flask_login import current_user

from surveyapp.auth.permissions import Permission
from surveyapp.web.access import access
from surveyapp.web.account import account
from surveyapp.web.action_plan import action_plan
from surveyapp.web.alerts import alerts
from surveyapp.web.analyses import analyses
from surveyapp.web.answers import answers
from surveyapp.web.appearance import CHOICES, appearance, chosen
from surveyapp.web.audit import audit
from surveyapp.web.benchmarks import benchmarks
from surveyapp.web.campaigns import campaigns
from surveyapp.web.cases import cases
from surveyapp.web.causes import causes_pages
from surveyapp.web.changes import changes
from surveyapp.web.channels import channels
from surveyapp.web.checklist import checklist
from surveyapp.web.closed_loop import closed_loop
from surveyapp.web.coding import coding_pages
from surveyapp.web.comments import comments
from surveyapp.web.connections import connections
from surveyapp.web.contacts import contacts
from surveyapp.web.devices import devices
from surveyapp.web.drivers import drivers
from surveyapp.web.emotion_lines import emotion_lines
from surveyapp.web.explore import explore
from surveyapp.web.funnel import funnel
from surveyapp.web.guide import guide
from surveyapp.web.imports import imports
from surveyapp.web.improvements import improvements
from surveyapp.web.insights import insights
from surveyapp.web.interview_findings import interview_findings
from surveyapp.web.invariance import invariance
from surveyapp.web.inventory import inventory
from surveyapp.web.item_translations import item_translations
from surveyapp.web.jobs import jobs
from surveyapp.web.journey_map import journey_map
from surveyapp.web.journeys import journeys
from surveyapp.web.judge_numbers import judge_numbers
from surveyapp.web.judged_files import judged_files
from surveyapp.web.judging import judging
from surveyapp.web.judging_rounds import judging_rounds
from surveyapp.web.mail import mail
from surveyapp.web.map_comments import map_comments
from surveyapp.web.map_evidence import map_evidence
from surveyapp.web.map_imports import map_imports
from surveyapp.web.map_versions import map_versions
from surveyapp.web.messages import messages
from surveyapp.web.model_power import model_power
from surveyapp.web.models import models
from surveyapp.web.opportunities import opportunities
from surveyapp.web.outcomes import outcomes
from surveyapp.web.pain_points import pain_points_pages
from surveyapp.web.passkeys import passkeys
from surveyapp.web.password_reset import password_reset
from surveyapp.web.persona_pictures import persona_pictures
from surveyapp.web.personas import personas
from surveyapp.web.population_shares import population_shares
from surveyapp.web.preregistrations import preregistrations
from surveyapp.web.previews import previews
from surveyapp.web.privacy import privacy
from surveyapp.web.project_files import project_files
from surveyapp.web.projects import projects
from surveyapp.web.questionnaires import questionnaires
from surveyapp.web.questions import questions
from surveyapp.web.received import received
from surveyapp.web.replies import replies
from surveyapp.web.reply_templates import reply_templates
from surveyapp.web.reports import reports
from surveyapp.web.responses import responses
from surveyapp.web.results import results
from surveyapp.web.retention import retention
from surveyapp.web.retention_list import retention_list
from surveyapp.web.sample_size import sample_size
from surveyapp.web.sampling import sampling
from surveyapp.web.saved_views import saved_views
from surveyapp.web.scale_development import scale_development
from surveyapp.web.scale_evidence import scale_evidence
from surveyapp.web.scale_pilots import scale_pilots
from surveyapp.web.scale_versions import scale_versions
from surveyapp.web.schedules import schedules
from surveyapp.web.second_factor import second_factor
from surveyapp.web.segment_invariance import segment_invariance
from surveyapp.web.segments import segments
from surveyapp.web.share_links import share_links
from surveyapp.web.shared import shared
from surveyapp.web.side_by_side import side_by_side
from surveyapp.web.sign_in import sign_in
from surveyapp.web.stages import stages
from surveyapp.web.studies import studies
from surveyapp.web.sub_journeys import sub_journeys
from surveyapp.web.suggestions import suggestions
from surveyapp.web.survey_plan import survey_plan_pages
from surveyapp.web.surveys import surveys
from surveyapp.web.system import system
from surveyapp.web.target_gap import target_gap
from surveyapp.web.targets import targets
from surveyapp.web.theme import theme
from surveyapp.web.time_invariance import time_invariance
from surveyapp.web.translations import translations
from surveyapp.web.users import users
from surveyapp.web.webhooks import webhooks
from surveyapp.web.workshop_kit import workshop_kit


@dataclass(frozen=True)
class Section:
    """One entry of the navigation: its pages, the first of which it leads to."""

    title: str
    pages: tuple[Blueprint, ...]
    permission: Permission = Permission.OWN_ACCOUNT  # that shows the entry; everybody has this one

    @property
    def start(self) -> str:
        """The endpoint that the entry leads to."""
        return f"{self.pages[0].name}.index"


SECTIONS = (
    Section(
        "Journeys",
        (
            *(
                journeys,
                stages,
                surveys,
                responses,
                results,
                analyses,
                studies,
                reports,
                schedules,
                sampling,
            ),
            *(channels, theme, messages, campaigns, closed_loop, translations, imports),
            *(previews, devices, access, targets, sample_size, retention, changes),
            *(comments, coding_pages, causes_pages, privacy, side_by_side, benchmarks),
            *(answers, funnel, questionnaires, questions, saved_views, share_links, invariance),
            *(checklist, drivers, explore, reply_templates, segment_invariance, time_invariance),
            *(guide, survey_plan_pages, workshop_kit),
            *(journey_map, map_comments, map_evidence, map_imports, map_versions),
            *(target_gap, sub_journeys, population_shares),
            *(outcomes, inventory),
            *(improvements, pain_points_pages, insights, opportunities),
            *(personas, persona_pictures),
            *(suggestions, emotion_lines, projects, models, project_files, model_power),
            preregistrations,
            *(scale_development, judging_rounds, interview_findings, item_translations),
            *(scale_versions, scale_pilots, scale_evidence, judge_numbers, judged_files),
        ),
    ),
    Section("Segments", (segments,)),
    Section("Actions", (action_plan,), Permission.READ_RESULTS),
    Section("Alerts", (alerts,), Permission.READ_RESULTS),
    Section("Cases", (cases, replies), Permission.WORK_CASES),
    Section("Customers", (contacts,), Permission.MANAGE_CONTACTS),
    Section("Jobs", (jobs,)),
    Section("Users", (users,), Permission.MANAGE_USERS),
    Section("Connections", (connections, webhooks, mail), Permission.MANAGE_CONNECTIONS),
    Section("Audit log", (audit,), Permission.READ_AUDIT),
    Section("System", (system, retention_list), Permission.WATCH_SYSTEM),
)
PAGES = (
    account,
    appearance,
    sign_in,
    password_reset,
    second_factor,
    passkeys,
    shared,
    judging,
    received,
    *(page for section in SECTIONS for page in section.pages),
)


def add_pages(app: Flask) -> None:
    """Register every page, and tell the templates which entries the navigation has."""
    for page in PAGES:
        app.register_blueprint(page)

    @app.context_processor
    def navigation() -> dict[str, object]:
        return {
            "sections": _shown,
            "is_here": _is_here,
            "appearance": chosen,
            "appearances": CHOICES,
        }


def _shown() -> list[Section]:
    return [section for section in SECTIONS if current_user.may(section.permission)]


def _is_here(section: Section) -> bool:
    return request.blueprint in {page.name for page in section.pages}
