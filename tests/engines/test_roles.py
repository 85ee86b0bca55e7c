"""Who may read and write what on PostgreSQL: every role, logged in, tries every relation."""

import psycopg2
import pytest
from dbt_runs import PROJECT, DbtRuns, copy_project
from postgres import Postgres
from psycopg2.errors import InsufficientPrivilege

BUILD = ["--quiet", "build", "--exclude-resource-type", "test"]
BUILD += ["--exclude-resource-type", "unit_test"]
SCHEMAS = ["raw", "staging", "seeds", "intermediate", "marts", "pii"]
# written down once more, so that a slip in macros/engines/roles.sql or dbt_project.yml is found
SERVICE_FLOOR = {
    "marts.customer_360",
    "marts.dim_segments",
    "marts.fct_journey_stages",
    "marts.fct_lead_funnel",
    "marts.fct_open_leads",
    "marts.fct_satisfaction",
    "marts.fct_service_cases",
    "pii.customer_360_contacts",
}
ROLES = ["crm_executive", "crm_analyst", "crm_service", "crm_loader", "somebody_else"]
PASSWORD = "only-on-the-loopback"


def may_read(role: str, relation: str) -> bool:
    """What the matrix says of reading."""
    schema = relation.split(".")[0]
    return {
        "crm_executive": schema in ("marts", "pii"),
        "crm_analyst": schema == "marts",
        "crm_service": relation in SERVICE_FLOOR,
        "crm_loader": schema == "raw",
    }.get(role, False)


def may_write(role: str, relation: str) -> bool:
    """What the matrix says of writing."""
    return role == "crm_loader" and relation.startswith("raw.")


def can(cursor, sql: str) -> bool:
    """Whether a statement is allowed; what it does is undone."""
    try:
        cursor.execute(sql)
    except InsufficientPrivilege:
        return False
    finally:
        cursor.connection.rollback()
    return True


def wrong_rights(postgres: Postgres) -> list[str]:
    """Every role tries every relation; where that ends otherwise than the matrix says."""
    relations = [
        f"{schema}.{table}"
        for schema, table in postgres.execute(
            "select nspname, relname from pg_class join pg_namespace n on n.oid = relnamespace"
            f" where nspname = any(array{SCHEMAS}) and relkind in ('r', 'v', 'm') order by 1, 2"
        )
    ]
    assert len(relations) > 100
    assert {relation.split(".")[0] for relation in relations} == set(SCHEMAS)
    assert set(relations) >= SERVICE_FLOOR
    wrong = []
    for role in ROLES:
        connection = postgres.connect(user=role, password=PASSWORD)
        connection.autocommit = False
        with connection.cursor() as cursor:
            for relation in relations:
                if can(cursor, f"select 1 from {relation} limit 1") != may_read(role, relation):
                    wrong.append(f"{role} reads {relation}: {not may_read(role, relation)}")
                for sql in (f"delete from {relation}", f"insert into {relation} default values"):
                    if can(cursor, sql) != may_write(role, relation):
                        wrong.append(f"{role}, {sql}: {not may_write(role, relation)}")
            for schema in SCHEMAS:
                if can(cursor, f"create table {schema}.of_my_own (x integer)"):
                    wrong.append(f"{role} makes tables in {schema}")
            if can(cursor, f"create role friend_of_{role}") or can(cursor, "create schema mine"):
                wrong.append(f"{role} makes roles or schemas")
        connection.close()
    return wrong


@pytest.fixture(scope="module")
def built(database) -> Postgres:
    """The sample, built once; the roles are let in, as an administrator would."""
    postgres = database("roles")
    assert postgres.load(PROJECT / "data/sample").exit_code == 0
    postgres.dbt(*BUILD)
    postgres.execute(f"create role somebody_else login password '{PASSWORD}'")
    for role in ROLES[:-1]:
        postgres.execute(f"alter role {role} login password '{PASSWORD}'")
    return postgres


def test_roles_may_what_the_matrix_says(built):
    assert not (wrong := wrong_rights(built)), "\n".join(wrong[:20])


def test_rights_survive_a_rebuild(built):
    built.dbt(*BUILD, "--full-refresh")
    assert not (wrong := wrong_rights(built)), "\n".join(wrong[:20])


def test_rights_that_were_given_by_hand_are_taken_back(built):
    built.execute(
        "grant usage on schema pii to crm_analyst;"
        "grant select on all tables in schema pii to crm_analyst"
    )
    built.execute(
        "grant usage on schema marts to public; grant select on marts.fct_transactions to public"
    )
    # a seed is filled anew, not made anew, so that its rights would stay
    built.execute("grant all on seeds.rfm_scale to crm_analyst, public")
    assert wrong_rights(built)
    built.dbt("--quiet", "build", "--select", "fct_transactions", "config.schema:pii", "rfm_scale")
    assert not (wrong := wrong_rights(built)), "\n".join(wrong[:20])
    kept = "select has_table_privilege('crm_analyst', 'seeds.rfm_scale', 'select, insert')"
    assert built.execute(kept) == [(False,)]


def test_new_relations_are_open_to_whom_they_should(built, folder, tmp_path):
    copy = copy_project(tmp_path / "project")
    service, kpis = copy / "models/marts/service", copy / "models/marts/kpis"
    off = "contract={'enforced': false}"
    select = "select customer_id from {{ ref('dim_customers') }}"
    (service / "new_mart.sql").write_text(f"{{{{ config({off}) }}}} {select}")
    (kpis / "new_view.sql").write_text(f"{{{{ config({off}, materialized='view') }}}} {select}")
    (service / "new_names.sql").write_text(f"{{{{ config({off}, schema='pii') }}}} {select}")
    postgres = Postgres(built.server, built.name, folder / "copy")
    postgres.runs = DbtRuns(folder / "copy", copy)
    postgres.dbt("--quiet", "run", "--select", "new_mart", "new_view", "new_names")
    # what somebody makes by hand is nobody's to read
    built.execute("create table intermediate.by_hand as select 1 as x")
    found = built.execute("select relname from pg_class where relname like 'new\\_%' order by 1")
    assert found == [("new_mart",), ("new_names",), ("new_view",)]
    assert not (wrong := wrong_rights(built)), "\n".join(wrong[:20])


def test_who_builds_need_not_make_roles(built, server, database):
    postgres = database("roles_of_a_builder")
    postgres.execute(f"create role builder login password '{PASSWORD}'")
    postgres.execute("grant create on database roles_of_a_builder to builder")
    postgres.settings |= {"PGUSER": "builder", "PGPASSWORD": PASSWORD}
    assert postgres.load(PROJECT / "data/sample").exit_code == 0
    postgres.dbt(*BUILD, "--select", "+dim_segments", "+int_as_of")
    with pytest.raises(InsufficientPrivilege):
        postgres.execute("create role friend")
    connection = psycopg2.connect(
        host="127.0.0.1",
        port=server.port,
        user="crm_analyst",
        password=PASSWORD,
        dbname=postgres.name,
    )
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from marts.dim_segments")
        assert cursor.fetchone()[0] == 18
    connection.close()
