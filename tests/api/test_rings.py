from contextlib import closing

from tests.api.book import RING_SIZE, RINGS


def first(world) -> str:
    return str(world.get("/v1/rings").json()["items"][0]["ring_id"])


def test_the_planted_rings_are_the_queue(world) -> None:
    page = world.get("/v1/rings").json()
    assert RINGS >= page["total"] == len(page["items"]) >= RINGS // 2
    assert [row["rank"] for row in page["items"]] == list(range(1, page["total"] + 1))
    found = [world.get(f"/v1/rings/{row['ring_id']}").json() for row in page["items"]]
    groups = [{member["application_id"] for member in ring["members"]} for ring in found]
    assert all(len({name.partition("-")[0] for name in group}) == 1 for group in groups)
    assert all(len(group) >= RING_SIZE - 2 for group in groups)


def test_pages_follow_each_other_without_gap_or_repeat(world) -> None:
    everything = [row["ring_id"] for row in world.get("/v1/rings").json()["items"]]
    seen, cursor = [], ""
    while True:
        page = world.get(f"/v1/rings?limit=2&cursor={cursor}").json()
        seen += [row["ring_id"] for row in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == everything


def test_filters(world) -> None:
    page = world.get("/v1/rings?band=red").json()
    assert {row["band"] for row in page["items"]} <= {"red"}
    assert page["total"] == page["bands"]["red"]
    ring = first(world)
    assert [row["ring_id"] for row in world.get(f"/v1/rings?q={ring.lower()}").json()["items"]] == [ring]
    assert world.get("/v1/rings?q=zzzz").json()["items"] == []


def test_one_ring(world) -> None:
    ring = world.get(f"/v1/rings/{first(world)}").json()
    assert ring["members_omitted"] == 0
    assert ring["summary"]["applications"] == len(ring["members"]) <= RING_SIZE + 2
    assert ring["reasons"]
    assert ring["suggested_checks"]
    assert 0 <= ring["higher_than"] <= 1
    for member in ring["members"]:
        source = next(row for row in world.book if row["application_id"] == member["application_id"])
        assert member["name"] == source["name"][0] + "*" * (len(source["name"]) - 1)
        assert float(member["loan_amount"]) == float(source["loan_amount"])
        assert member["dealer"] == source["dealer_id"]
        assert member["status"] == source["status"]
    numbers = {member["applicant"] for member in ring["members"]}
    assert numbers == set(range(1, len(numbers) + 1))


def test_in_chinese(world) -> None:
    ring = first(world)
    zh = world.get(f"/v1/rings/{ring}", headers={"Accept-Language": "zh"}).json()
    en = world.get(f"/v1/rings/{ring}").json()
    assert zh["summary"]["typology_text"] != en["summary"]["typology_text"]
    assert [reason["code"] for reason in zh["reasons"]] == [reason["code"] for reason in en["reasons"]]


def test_the_picture_shows_members_and_what_two_of_them_share(world) -> None:
    ring = first(world)
    members = {m["application_id"] for m in world.get(f"/v1/rings/{ring}").json()["members"]}
    picture = world.get(f"/v1/rings/{ring}/network").json()
    shown = {node["id"] for node in picture["nodes"]}
    assert {f"application:{name}" for name in members} <= shown
    assert all(edge["source"] in shown and edge["target"] in shown for edge in picture["edges"])
    users: dict[str, set[str]] = {}
    for edge in picture["edges"]:
        users.setdefault(edge["target"], set()).add(edge["source"])
    values = [node for node in picture["nodes"] if node["kind"] != "application"]
    assert values
    assert all(len(users[node["id"]]) >= 2 for node in values)
    assert {node["kind_text"] for node in values} >= {"phone"}


def test_the_picture_shows_the_run_of_work_phones(world) -> None:
    ring = first(world)
    group = {m["application_id"] for m in world.get(f"/v1/rings/{ring}").json()["members"]}
    planted = {f"application:{name}" for name in group if name.startswith("R")}
    for language, word in (("en", "run of phone numbers"), ("zh", "连号号段")):
        picture = world.get(f"/v1/rings/{ring}/network", headers={"Accept-Language": language}).json()
        runs = [node for node in picture["nodes"] if node["kind"] == "phone_block"]
        users = [{e["source"] for e in picture["edges"] if (e["target"], e["role"]) == (n["id"], "work")} for n in runs]
        assert planted in users
        run = runs[users.index(planted)]
        assert (run["kind_text"], run["degree"], run["hub"]) == (word, RING_SIZE, False)


def test_the_picture_shows_all_that_reasons_name_and_no_run_of_one_number(world) -> None:
    ring = first(world)
    picture = world.get(f"/v1/rings/{ring}/network").json()
    uses: dict[str, set[tuple[str, str]]] = {}
    for edge in picture["edges"]:
        uses.setdefault(edge["target"], set()).add((edge["source"].removeprefix("application:"), edge["role"]))
    named = [e for reason in world.get(f"/v1/rings/{ring}").json()["reasons"] for e in reason["evidence"] if e["token"]]
    assert named
    for piece in named:
        shared = {name for name, _ in uses.get(f"{piece['kind']}:{piece['token']}", set())}
        assert set(piece["applications"]) <= shared or len(piece["applications"]) < 2
    ids = {f"{piece['kind']}:{piece['token']}" for piece in named}
    phones = [found for name, found in uses.items() if name.startswith("phone:")]
    for value in (name for name in uses if name.startswith("phone_block:") and name not in ids):
        assert not any(uses[value] <= found for found in phones)


def test_history(world) -> None:
    events = world.get(f"/v1/rings/{first(world)}/history").json()["items"]
    assert [event["event"] for event in events] == ["new"]


def test_no_clear_value_is_in_any_picture(world) -> None:
    ring = first(world)
    texts = [world.get(f"/v1/rings/{ring}{part}").text for part in ("", "/network")]
    members = {m["application_id"] for m in world.get(f"/v1/rings/{ring}").json()["members"]}
    for row in world.book:
        if row["application_id"] in members:
            for field in ("phone.1", "bank_account", "name", "address"):
                assert not any(row[field] in text for text in texts)


def test_an_application(world) -> None:
    found = world.get("/v1/applications/R2-03").json()
    assert found["score"] > 400
    assert found["reasons"]
    assert found["ring"] is None or found["ring"]["id"].startswith("RG-")
    assert found["rank"] >= 1
    source = next(row for row in world.book if row["application_id"] == "R2-03")
    assert (float(found["loan_amount"]), found["currency"]) == (float(source["loan_amount"]), "CNY")


def test_an_application_that_came_after_the_sweep(world) -> None:
    from tests.api.test_scores import body

    world.post(body("AFTER-1"))
    with closing(world.house.open_store()) as store:
        world.house.pending.drain(store)
    found = world.get("/v1/applications/AFTER-1").json()
    assert (found["score"], found["band"], found["sweep_id"]) == (None, "not_scored", None)
    assert found["currency"] == "CNY"


def test_search_by_what_people_type(world) -> None:
    row = next(row for row in world.book if row["application_id"] == "R1-02")
    for typed in ("R1-02", row["phone.1"], f"+86 {row['phone.1']}", row["bank_account"], row["employer.name"]):
        items = world.get("/v1/search", params={"q": typed}).json()["items"]
        assert items, typed
        assert row["phone.1"] not in str(items)
    assert world.get("/v1/search?q=R1-02").json()["items"][0]["id"] == "application:R1-02"
    ring = first(world)
    assert world.get(f"/v1/search?q={ring}").json()["items"][0]["id"] == f"ring:{ring}"


def test_around_an_entity_and_paths(world) -> None:
    row = next(row for row in world.book if row["application_id"] == "R1-02")
    node = world.get("/v1/search", params={"q": row["reference.1.phone"]}).json()["items"][0]
    around = world.get(f"/v1/entities/{node['id']}/network?hops=1").json()
    assert node["degree"] == sum(n["kind"] == "application" for n in around["nodes"]) == RING_SIZE
    paths = world.get("/v1/paths?from=R1-02&to=application:R1-05").json()
    assert paths["paths"][0]["length"] == 2
    ids = {n["id"] for n in paths["network"]["nodes"]}
    assert all(set(path["nodes"]) <= ids for path in paths["paths"])


def test_status_and_sweeps(world) -> None:
    status = world.get("/v1/status").json()
    assert (status["store"], status["ledger"], status["applications"]) == ("ok", "ok", len(world.book))
    items = world.get("/v1/sweeps").json()["items"]
    assert items[0]["current"]
    assert items[0] == world.get(f"/v1/sweeps/{items[0]['sweep_id']}").json()
