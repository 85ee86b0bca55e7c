"""Spark beside the other engines, in `make test-engines`.

A build takes minutes there, so that one set of raw data has the rows of both, the sample's and the
random ones. `make test-spark` has each by itself, with all data tests. (This is a file of its own,
and the first one, so that the other worker goes on meanwhile.)
"""

from test_parity import assert_two_load_days_give_the_same_marts


def test_two_load_days_of_all_rows_give_the_same_marts(duck, spark, tmp_path):
    assert_two_load_days_give_the_same_marts("both", duck, spark, tmp_path)
