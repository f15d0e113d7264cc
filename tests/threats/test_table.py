"""Which test holds which threat. A threat whose test is gone or renamed fails here, and so does a test that is unnamed.

Each threat has the tests that hold its defence, and those that show, with it left out, that the attack is real.
Where another file is named, the threat is tested beside what it threatens; what SECURITY.md promises stands on these.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# threat: (tests of the defence, tests that leave it out or show that they would see)
THREATS: dict[str, tuple[list[str], list[str]]] = {
    "script in a project from elsewhere, in every view of JupyterLab": (
        ["tests/ui/test_threats_in_lab.py::test_no_script_runs_in_the_sidebar_or_the_status_bar",
         "tests/ui/test_bad_data.py::test_script_in_any_text_never_runs",
         "tests/sdk/views/test_hostile.py::test_hostile_text_stays_text"],
        ["tests/ui/test_threats_in_lab.py::test_the_page_would_tell_if_script_ran"]),
    "a request without a token, with a cookie alone, of another site, for another host, without leave": (
        ["tests/server/test_refusals.py::test_every_route_is_covered_here",
         "tests/server/test_refusals.py::test_no_route_answers_without_the_token",
         "tests/server/test_refusals.py::test_no_route_answers_a_cookie_alone",
         "tests/server/test_refusals.py::test_no_route_answers_a_page_of_another_site",
         "tests/server/test_refusals.py::test_no_route_answers_to_another_name_of_the_host",
         "tests/server/test_refusals.py::test_the_socket_opens_for_the_same_people_only",
         "tests/server/test_refusals.py::test_the_authorizer_is_asked_for_reading_and_for_writing",
         "tests/server/test_refusals.py::test_what_changes_something_is_refused_by_get",
         "tests/threats/test_routes.py::test_the_routes_that_are_asked_everywhere_are_all_that_the_server_has_of_ours"],
        ["tests/threats/test_routes.py::test_an_attack_is_refused_and_without_its_defence_it_succeeds"]),
    "a project outside of the server's folder": (
        ["tests/server/test_operations.py::test_no_name_leads_out_of_the_servers_folder",
         "tests/server/test_operations.py::test_a_link_that_leads_out_is_not_followed_and_one_inside_is",
         "tests/server/test_operations.py::test_a_folder_that_is_not_there_is_said_so_and_not_made",
         "tests/server/test_operations.py::test_names_too_long_for_a_file_system_are_refused"],
        ["tests/threats/test_routes.py::test_an_attack_is_refused_and_without_its_defence_it_succeeds"]),
    "an artifact shown as a page of the server's": (
        ["tests/server/test_files.py::test_an_artifact_comes_whole_with_what_makes_it_inert",
         "tests/server/test_files.py::test_only_pictures_sound_film_and_plain_text_are_shown_at_once",
         "tests/server/test_files.py::test_any_name_is_one_that_can_be_saved",
         "tests/threats/test_routes.py::test_no_name_of_a_file_ends_its_header"],
        ["tests/threats/test_routes.py::test_an_attack_is_refused_and_without_its_defence_it_succeeds",
         "tests/threats/test_routes.py::test_either_defence_of_a_file_holds_without_the_other"]),
    "a database that names a file elsewhere": (
        ["tests/server/test_files.py::test_a_database_that_names_a_file_elsewhere_is_not_believed",
         "tests/server/test_files.py::test_nothing_but_artifacts_is_sent",
         "tests/runs/test_objects.py::test_a_name_that_leads_elsewhere_neither_reads_nor_removes_a_file"],
        ["tests/server/test_files.py::test_a_damaged_file_is_not_sent"]),
    "requests too large, too many or too slow": (
        ["tests/server/test_operations.py::test_a_request_that_is_too_large_is_refused_in_words",
         "tests/server/test_changes.py::test_messages_and_lists_have_a_limit",
         "tests/server/test_desk.py::test_only_so_much_waits"],
        ["tests/server/test_operations.py::test_a_slow_client_of_one_project_holds_up_no_other"]),
    "SQL in a filter or in a name": (
        ["tests/runs/test_filter.py::test_sql_in_a_text_is_only_a_text",
         "tests/runs/test_filter.py::test_sql_in_the_name_of_a_key_is_only_a_name",
         "tests/threats/test_sql.py::test_no_name_is_ever_in_the_text_of_a_statement_and_there_are_few_of_them"],
        ["tests/threats/test_sql.py::test_without_its_defence_a_text_in_a_filter_is_sql",
         "tests/threats/test_sql.py::test_this_test_would_hear_a_name"]),
    "a filter or pattern that never ends": (
        ["tests/runs/test_filter.py::test_nesting_beyond_the_limit_is_refused",
         "tests/runs/test_filter_errors.py::test_10_001_characters_are_refused_whatever_they_are",
         "tests/runs/test_filter_errors.py::test_the_tokenizer_looks_at_each_place_a_few_times_only",
         "tests/threats/test_sql.py::test_the_work_of_a_pattern_grows_with_the_text_alone",
         "tests/threats/test_sql.py::test_patterns_of_mlflows_searches_match_what_mlflows_do",
         "tests/threats/test_sql.py::test_a_pattern_in_a_filter_is_cheap_on_a_long_text"],
        ["tests/threats/test_sql.py::test_without_its_defence_twice_the_text_takes_sixteen_times_as_long"]),
    "a path that leaves its run, when something is logged": (
        ["tests/sdk/test_bad_input.py::test_a_path_that_leaves_the_run_is_refused",
         "tests/mlflow/test_artifacts.py::test_a_path_that_leads_out_is_refused_when_logging",
         "tests/mlflow/test_artifacts.py::test_a_path_that_leads_out_reads_nothing"],
        ["tests/sdk/test_bad_input.py::test_an_odd_path_is_kept_as_it_is"]),
    "a path that leaves its run, in a database from elsewhere": (
        ["tests/threats/test_paths.py::test_an_artifact_of_any_name_is_saved_inside_of_the_folder_that_was_named",
         "tests/threats/test_paths.py::test_the_name_under_which_a_file_is_saved_is_one_on_every_system",
         "tests/threats/test_paths.py::test_a_push_writes_no_file_of_a_hostile_name_anywhere",
         "tests/threats/test_paths.py::test_an_export_of_hostile_names_writes_its_file_alone"],
        ["tests/threats/test_paths.py::test_without_its_defence_an_artifact_is_saved_elsewhere",
         "tests/threats/test_paths.py::test_without_its_defence_a_push_writes_elsewhere"]),
    "links that are planted in a project's folder": (
        ["tests/threats/test_paths.py::test_links_that_are_planted_in_a_project_change_nothing_outside",
         "tests/threats/test_paths.py::test_a_link_that_lies_where_an_artifact_is_saved_is_not_followed",
         "tests/threats/test_paths.py::test_the_log_of_a_watching_sync_is_no_link_and_its_owners_alone",
         "tests/threats/test_paths.py::test_a_backup_before_a_migration_follows_no_link"],
        ["tests/threats/test_paths.py::test_without_its_defence_a_planted_link_is_followed"]),
    "files outside of what is imported": (
        ["tests/transfer/test_import_dvclive.py::test_a_link_that_leads_out_is_left_out",
         "tests/transfer/test_import_neptune.py::test_files_outside_of_the_export_are_not_taken",
         "tests/transfer/test_import_trackio.py::test_media_outside_of_its_folder_are_not_taken",
         "tests/transfer/test_import_wandb.py::test_a_file_that_names_others_of_this_machine_does_not_get_them"],
        ["tests/transfer/test_import_wandb.py::test_files_media_and_artifacts_come_and_what_is_no_number_goes_into_a_file"]),
    "pip's options in the environment of a run": (
        ["tests/threats/test_paths.py::test_a_recorded_environment_says_no_option_address_or_path"],
        ["tests/threats/test_paths.py::test_without_its_defence_an_environment_takes_options"]),
    "archives: paths, bombs, members over one another": (
        ["tests/transfer/test_bundle.py::test_a_bundle_that_is_not_sound_is_refused_and_nothing_is_stored",
         "tests/transfer/test_bundle.py::test_the_same_member_twice_is_refused",
         "tests/transfer/test_bundle.py::test_a_name_that_hides_what_follows_a_nul_is_refused",
         "tests/transfer/test_bringing_back.py::test_what_is_no_sound_backup_is_refused_and_changes_nothing",
         "tests/transfer/test_bringing_back.py::test_a_member_that_unpacks_to_more_than_it_is_is_refused",
         "tests/transfer/test_import_dvclive.py::test_a_short_text_that_stands_for_a_billion_values_is_refused",
         "tests/threats/test_archives.py::test_a_member_of_any_name_is_refused_and_nothing_is_written",
         "tests/threats/test_archives.py::test_members_that_lie_over_one_another_are_refused",
         "tests/threats/test_archives.py::test_an_archive_in_a_bundle_stays_one_file"],
        ["tests/threats/test_archives.py::"
         "test_without_its_defence_a_bundle_with_any_member_is_taken_and_still_nothing_leaves",
         "tests/threats/test_archives.py::"
         "test_a_file_that_unpacks_to_far_more_is_refused_and_without_its_defence_is_unpacked"]),
    "a database that runs what somebody wrote": (
        ["tests/transfer/test_importing.py::test_a_database_that_something_else_has_changed_is_refused",
         "tests/transfer/test_import_trackio.py::test_a_database_that_would_run_what_somebody_wrote_is_refused",
         "tests/threats/test_paths.py::test_a_database_of_another_program_that_would_run_something_is_refused",
         "tests/threats/test_paths.py::test_a_trigger_in_a_projects_own_file_reaches_no_function_of_ours"],
        ["tests/threats/test_paths.py::test_without_its_defence_a_trigger_calls_our_functions"]),
    "pickles, and other code in data": (
        ["tests/threats/test_code_in_data.py::test_a_project_of_pickles_is_looked_at_and_nothing_is_unpickled",
         "tests/threats/test_code_in_data.py::test_each_place_that_could_run_what_it_is_given_says_why_it_does_not",
         "tests/threats/test_code_in_data.py::test_only_what_a_cluster_sends_is_ever_unpickled",
         "tests/threats/test_secrets.py::test_a_session_unpickles_nothing"],
        ["tests/threats/test_code_in_data.py::"
         "test_without_its_defence_a_preview_that_unpickles_is_heard_and_explodes",
         "tests/threats/test_code_in_data.py::test_the_search_finds"]),
    "secrets in what is kept and sent on": (
        ["tests/base/test_secrets.py::test_a_planted_secret_is_redacted",
         "tests/base/test_secrets.py::test_a_long_text_of_one_repeated_piece_takes_linear_time",
         "tests/capture/test_git.py::test_the_branchs_remote_is_preferred_and_its_token_is_cut",
         "tests/capture/test_git.py::test_the_diff_is_redacted_before_it_is_cut",
         "tests/transfer/test_sync.py::test_the_server_named_last_is_remembered_without_its_password",
         "tests/threats/test_secrets.py::test_none_of_24_planted_secrets_is_in_any_byte_that_is_kept",
         "tests/threats/test_secrets.py::test_no_export_has_one",
         "tests/threats/test_secrets.py::test_it_is_said_that_secrets_were_taken_out_and_only_once",
         "tests/threats/test_secrets.py::test_of_17_false_ones_at_most_one_is_taken_out",
         "tests/threats/test_secrets.py::test_what_a_panel_leaves_in_the_notebook_has_no_token"],
        ["tests/threats/test_secrets.py::test_without_its_defence_a_secret_is_kept",
         "tests/threats/test_secrets.py::test_this_test_sees_what_is_there"]),
    "other users of the machine": (
        ["tests/threats/test_other_users.py::test_all_that_is_kept_is_its_owners_alone",
         "tests/threats/test_other_users.py::test_another_user_reads_nothing",
         "tests/threats/test_other_users.py::test_an_export_is_its_owners_alone_until_it_is_there",
         "tests/threats/test_other_users.py::test_a_folder_that_was_copied_or_unpacked_is_closed",
         "tests/threats/test_other_users.py::test_a_folder_that_another_user_laid_open_is_refused",
         "tests/threats/test_other_users.py::test_the_error_of_a_trap_is_one_of_a_place_that_cannot_be_written",
         "tests/threats/test_other_users.py::test_temporary_names_cannot_be_known_before",
         "tests/transfer/test_backup.py::test_a_backup_is_its_owners_alone_and_nothing_else_is_left"],
        ["tests/threats/test_other_users.py::"
         "test_without_its_first_defence_the_second_holds_and_without_both_all_is_read",
         "tests/threats/test_other_users.py::test_without_its_defence_runs_are_kept_in_another_users_folder",
         "tests/threats/test_other_users.py::test_a_folder_that_root_made_as_those_of_containers_is_used"]),
    "formulas and paths in exports": (
        ["tests/transfer/test_exporters_tables.py::test_no_text_of_a_csv_begins_a_formula_and_none_is_lost",
         "tests/threats/test_exports.py::test_no_cell_of_a_table_is_a_formula_and_numbers_stay_numbers",
         "tests/threats/test_exports.py::test_a_name_of_a_run_does_not_become_a_path_of_an_export"],
        ["tests/threats/test_exports.py::test_without_its_defence_cells_are_formulas"]),
    "script in reports": (
        ["tests/transfer/test_report.py::test_no_text_of_a_run_becomes_markup",
         "tests/transfer/test_report.py::test_only_the_script_of_ours_may_run_and_nothing_may_be_loaded",
         "tests/ui/test_report.py::test_no_script_in_any_text_of_a_run_runs"],
        ["tests/transfer/test_report.py::test_without_a_script_all_is_there_and_nothing_runs"]),
    "doors of ours, and what goes out by itself": (
        ["tests/threats/test_doors.py::test_it_listens_on_the_loopback_alone",
         "tests/threats/test_doors.py::test_who_does_not_know_the_secret_is_not_heard",
         "tests/threats/test_doors.py::test_a_length_that_nobody_sends_is_not_made_room_for",
         "tests/threats/test_doors.py::test_the_secret_is_no_longer_told_when_the_door_is_closed",
         "tests/threats/test_secrets.py::test_a_session_reaches_nobody_beyond_the_machine_and_opens_no_door",
         "tests/threats/test_secrets.py::test_a_session_writes_only_where_it_should",
         "tests/threats/test_secrets.py::test_a_session_starts_only_git_and_what_tells_of_the_machine"],
        ["tests/threats/test_doors.py::test_without_its_defence_everybody_is_heard",
         "tests/threats/test_doors.py::test_what_goes_out_is_heard"]),
}  # fmt: skip


@cache
def names_in(path: Path) -> frozenset[str]:
    """The names of a file's tests, those of its classes too."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(
        node.name
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name.startswith("test_")
    )


def named() -> Iterator[str]:
    for held, shown in THREATS.values():
        yield from (*held, *shown)


@pytest.mark.parametrize("threat", THREATS)
def test_a_threat_has_tests_that_are_there(threat: str) -> None:
    held, shown = THREATS[threat]
    assert held, "no test holds this"
    assert shown, "nothing shows that its tests would see"
    gone = [one for one in (*held, *shown) if one.partition("::")[2] not in names_in(ROOT / one.partition("::")[0])]
    assert not gone, f"these tests of '{threat}' are gone: put what took their place here"


def test_every_test_here_holds_a_threat() -> None:
    here = {
        f"tests/threats/{path.name}::{name}"
        for path in Path(__file__).parent.glob("test_*.py")
        if path != Path(__file__)
        for name in names_in(path)
    }
    assert here == {one for one in named() if one.startswith("tests/threats/")}


def test_every_defence_of_this_folder_is_left_out_once() -> None:
    for path in Path(__file__).parent.glob("test_*.py"):
        if path != Path(__file__):
            without = [name for name in names_in(path) if "without_its" in name or name.startswith("test_without")]
            assert without, f"{path.name}: show that its attack is real"


def test_security_md_names_each_threat() -> None:
    text = " ".join((ROOT / "SECURITY.md").read_text(encoding="utf-8").split()).casefold()
    missing = [threat for threat in THREATS if f"*{threat.casefold()}*" not in text]
    assert not missing, f"SECURITY.md does not say what holds against {missing}"
