from common.seeds import stream_seed


def test_a_stream_is_the_same_on_every_machine():
    assert stream_seed(42, "aiims_delhi", "order", 3) == 2_522_575_334_983_595_696


def test_purposes_hospitals_and_rounds_have_their_own_streams():
    seeds = {
        stream_seed(seed, hospital, purpose, number)
        for seed in (1, 2)
        for hospital in ("a", "b")
        for purpose in ("order", "augment")
        for number in range(10)
    }
    assert len(seeds) == 80
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_parts_do_not_run_into_each_other():
    assert stream_seed("ab", "c") != stream_seed("a", "bc") != stream_seed("abc")
    assert stream_seed(1, 23) != stream_seed(12, 3)
