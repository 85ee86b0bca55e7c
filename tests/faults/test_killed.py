"""A build that is killed at any moment leaves whole marts, and the next build is a clean one."""

import random
import time

import compare
import pytest
from dbt_runs import SALT
from faults import BUILD, HISTORY, kill, marts, rebuilt, start

# ten kills each, so that two workers share them; of data all of which differ, where everything is
# made anew, and of two loads of a source, where the customers without a change are kept
SEEDS = {"raws": 20261124, "loads": 20261125}
KILLS = 10
WHILE_WRITING = 3  # at least so many of them while marts are written
# these begin without a database, as the very first build does
FIRST_BUILDS = {0, 5}
# the salt of erased keys is given to the clean builds only: the killed ones have to keep it
NO_SALT = {"CRM_ERASURE_SALT": ""}


@pytest.mark.parametrize("kind", SEEDS)
def test_a_killed_build_leaves_whole_marts_and_the_next_one_is_clean(dbt, request, kind):
    raws, seed = request.getfixturevalue(kind), SEEDS[kind]
    clean = {}
    for name, raw in raws.items():
        dbt.forget()
        dbt(*BUILD, raw=raw)
        clean[name] = rebuilt(marts(dbt.database))
    one, other = clean.values()
    alike = sum(one[mart] == other[mart] for mart in one)
    assert alike < len(one) / (4 if kind == "raws" else 2), "the sets are hardly different"

    chance = random.Random(seed)
    names = list(raws)
    done = names[1]  # what the database holds
    began = time.monotonic()
    dbt(*BUILD, raw=raws[done], environment=NO_SALT)  # parses the project with this setting
    dbt(*BUILD, raw=raws[done], environment=NO_SALT)
    seconds = (time.monotonic() - began) / 2
    history = marts(dbt.database)[HISTORY]
    kills, between, moments, shares = 0, 0, [], []
    # where most is kept the marts are written in a smaller part of the build: more kills hit it
    while kills < KILLS or (between < WHILE_WRITING and kills < 2 * KILLS):
        name = next(name for name in names if name != done)
        environment = NO_SALT
        if kills in FIRST_BUILDS:
            dbt.forget()
            history = None
            environment = {"CRM_ERASURE_SALT": SALT}
        process = start(dbt, *BUILD, raw=raws[name], environment=environment)
        moment = chance.uniform(0.05, 1) * seconds
        time.sleep(moment)
        was_killed = kill(process)
        everything = marts(dbt.database) if dbt.database.exists() else {}
        found = rebuilt(everything)
        # a reader finds every mart as one of the two builds made it, never in between
        mixed = [
            mart
            for mart, content in found.items()
            if "__dbt_" not in mart and content not in (one[mart], other[mart])
        ]
        assert not mixed, f"killed after {moment:.2f} s, {mixed} are of neither build"
        if kills not in FIRST_BUILDS:
            lost = sorted(clean[name].keys() - found.keys())
            assert not lost, f"killed after {moment:.2f} s, {lost} are gone"
        new = sum(content == clean[name].get(mart) for mart, content in found.items())
        if was_killed:
            kills += 1
            moments.append((round(moment, 2), f"{new} of {len(found)} new"))
            between += alike < new < len(one)

        began = time.monotonic()
        dbt(*BUILD, raw=raws[name], environment=environment)
        seconds = time.monotonic() - began
        again = marts(dbt.database)
        messages = compare.snapshot_differences(clean[name], rebuilt(again))
        assert not messages, "\n".join([f"killed after {moment:.2f} s, built again:", *messages])
        # of what no build can make again nothing is lost or half written
        assert everything.get(HISTORY) in (history, again[HISTORY]), f"killed after {moment:.2f} s"
        history = again[HISTORY]
        left = dbt.query(
            "select table_schema, table_name from information_schema.tables"
            " where table_name like '%\\_\\_dbt\\_%' escape '\\'"
        )
        assert not left, f"killed after {moment:.2f} s, these are left over: {left}"
        shares.append(compare.share_of_changed(dbt.query, "int_sales_checksums"))
        done = name
    assert (min(shares) < 1 / 3) == (kind == "loads"), shares
    print(f"{kills} kills: {moments}")
    assert between >= WHILE_WRITING, f"hardly a kill came while marts were written: {moments}"
