#!/usr/bin/python3
"""Does the reference outage close on paper?

Computes from the scenario's parameters, without the simulator, what a run of it ought to show:
demand, token lengths, loads, headroom, surge, quota latch, breaker, flush and the sum of the
timeline. Prints each beside what is published or wanted and beside what one recorded run gave
(full scale, seed 1; rates, tokens and loads of the two minutes before the push), and exits 1 when
one is further off than its tolerance.

    /usr/bin/python3 docs/arithmetic/close_on_paper.py [SCENARIO]
"""
import math
import pathlib
import sys

import numpy as np

from scenario_file import number, read

SCENARIO = pathlib.Path(__file__).parents[2] / "scenarios/01-deepseek-2026-03-29.yaml"

# Published for a day of the service (DeepSeek open-infra-index, day 6).
PROMPT_TOKENS_A_DAY, OUTPUT_TOKENS_A_DAY, HIT_RATIO = 608e9, 168e9, 0.563
OUTPUT_TOKENS_A_REQUEST = 750  # assumed: only totals are published
CURVE = np.array([
    0.9298, 0.7677, 0.5587, 0.3412, 0.2730, 0.2687, 0.3412, 0.5886, 0.9852, 1.2582, 1.3009, 1.2795,
    1.1516, 1.2156, 1.3009, 1.3179, 1.3009, 1.1900, 1.1431, 1.2625, 1.3094, 1.3179, 1.3265, 1.2710])
PREFILL_SECONDS_A_TOKEN_AND_NODE = 19.1e-6  # of 8 GPUs

# Defaults of the models that the scenario leaves alone.
BLOCK_TOKENS, STORED_TOKEN_BYTES, GPU_TOKEN_BYTES = 64, 70272, 35136
FALSE_POSITIVE, TRUE_POSITIVE, WINDOW_SECONDS, RAMP = 1e-3, 0.9, 60, [0.01, 0.05, 0.25, 0.60]
STOCK_AGE_SECONDS, RETURN_SECONDS = 11340, 3600
LATCH_SECONDS = 179  # from scale_up_requested to etcd_saturated in a run
HPA_PERIOD, HPA_TOLERANCE, FROZEN_AFTER = 15, 0.1, 30
DEFRAGMENT_SECONDS_A_MIB, MEMBERS = 8.5e-3, 3

rows, faults = [], []


def row(name, paper, unit="", wanted=None, run=None, tolerance=0.1, places=2):
    """One line of the table; `tolerance` is relative and holds against both other columns."""
    def show(x):
        return "" if x is None else f"{x:,.{places}f}"
    rows.append((name, show(paper), show(wanted), show(run), unit))
    for what, other in (("wanted", wanted), ("run", run)):
        if other is not None and abs(paper / other - 1) > tolerance:
            faults.append(f"{name}: {paper:.4g} on paper, {other:.4g} {what}")


def heading(text):
    rows.append((f"-- {text}", "", "", "", ""))


def must(condition, text):
    if not condition:
        faults.append(text)


def phi(x):
    return 0.5 * math.erfc(-x / math.sqrt(2))


def clamped_mean(length, cap=math.inf, power=1):
    """E[min(X, m)^power] of a lognormal X, where m is the smaller of its maximum and `cap`."""
    mean, cv = number(length["mean"]), number(length["cv"])
    m = min(number(length["maximum"]), cap)
    s2 = math.log(1 + cv * cv)
    s, mu = math.sqrt(s2), math.log(mean) - s2 / 2
    inside = math.exp(power * mu + power**2 * s2 / 2) * phi((math.log(m) - mu) / s - power * s)
    return inside + m**power * (1 - phi((math.log(m) - mu) / s))


def poisson_tail(mean, least):
    """P(N >= least)."""
    term, below = math.exp(-mean), 0.0
    for k in range(least):
        below += term
        term *= mean / (k + 1)
    if 1 - below > 1e-9:
        return 1 - below
    return term / (1 - mean / (least + 1))  # bound by the geometric series


def class_tokens(c):
    """(prompt, history found, output, output squared, share of turns with history) of a request."""
    budget = number(c.get("token_budget", 8192))
    output = clamped_mean(c["answer"], budget)
    square = clamped_mean(c["answer"], budget, 2)
    first = clamped_mean(c["first_prompt"])
    grows = (1 - number(c.get("reasoning_share", "0"))) * output
    steps, again = number(c.get("steps", "0")), number(c.get("continue_probability", "0"))
    if steps:  # 1 + (steps - 1) Exp(1) steps: mean place of a step, by size-biased tasks
        earlier = ((1 + 2 * (steps - 1) + 2 * (steps - 1) ** 2) / steps - 1) / 2
    else:
        earlier = again / (1 - again)
    if earlier == 0:
        return first, 0.0, output, square, 0.0
    message = clamped_mean(c["message"])
    resumed = number(c.get("resumed_share", "0"))
    old = clamped_mean(c["resumed_context"]) if resumed else 0.0
    opens = 1 / steps if steps else 1 - again  # share of requests that open a conversation
    prompt = (1 - resumed) * first + resumed * (old + message) + earlier * (message + grows)
    # All but the new text was there before; of resumed contexts, what capacity left of them.
    lost = math.exp(-STOCK_AGE_SECONDS / RETURN_SECONDS)
    new = opens * ((1 - resumed) * first + resumed * (message + lost * old)) + (1 - opens) * message
    return prompt, prompt - new, output, square, 1 - opens * (1 - resumed)


def demand_and_tokens(spec):
    heading("demand")
    rate = number(spec["demand"]["rate"])
    peak = OUTPUT_TOKENS_A_DAY / 86400 / OUTPUT_TOKENS_A_REQUEST * CURVE[22]
    row("requests a second at 22:02 China time", peak, "1/s", rate, 3440.5, 0.01, 0)
    minutes = np.arange(0.5, 600) / 60 + 13.5  # hours of the day, UTC
    total = 0.0
    for region in spec["regions"]:
        offset = number(region["utc_offset"]) / 3600
        def curve(hours):
            x = (np.asarray(hours) + offset - 0.5) % 24
            i = x.astype(int)
            return CURVE[i % 24] * (1 - x + i) + CURVE[(i + 1) % 24] * (x - i)
        total += rate * number(region["share"]) * np.sum(curve(minutes)) * 60 / curve(14 + 2 / 60)
    row("requests wanted in the ten hours", total / 1e6, "M", 86, None, 0.02, 1)
    heading("tokens")
    tokens = [class_tokens(c) for c in spec["clients"]]
    shares = [number(c["share"]) for c in spec["clients"]]
    prompt, history, output, square, warm = (
        sum(s * t[k] for s, t in zip(shares, tokens)) for k in range(5))
    history -= warm * (BLOCK_TOKENS - 1) / 2
    row("output tokens a request", output, "", OUTPUT_TOKENS_A_REQUEST, 760, 0.05, 0)
    row("prompt tokens a request", prompt, "",
        PROMPT_TOKENS_A_DAY / OUTPUT_TOKENS_A_DAY * OUTPUT_TOKENS_A_REQUEST, 2769, 0.05, 0)
    row("share of the prompt found in the cache", history / prompt, "", HIT_RATIO, 0.574, 0.05, 3)
    return rate, prompt, history, output, square


def loads(spec, rate, prompt, history, output, square):
    heading("loads at 14:02 UTC, mean of the regions weighted by pods")
    prefill, decode = (p["engine"] for p in spec["serving"]["pools"])
    token = number(prefill["step_per_prompt_token"])
    row("prefill a token and GPU", token * 1e6, "us", PREFILL_SECONDS_A_TOKEN_AND_NODE * 8e6)
    pods = [sum(number(r["pools"][k]["replicas"]) for r in spec["regions"]) for k in (0, 1)]
    for r in spec["regions"]:
        must(sum(number(p["replicas"]) for p in r["pools"]) ==
             8 * number(r["nodes"]), f"{r['name']}: pods and GPUs differ")
    each = rate / pods[0]
    seconds = (prompt - history) * token
    prefill_load = each * (seconds + number(prefill["step_base"]))
    row("prefill load", prefill_load, "", 0.62, 0.621, 0.05, 3)
    base, slope = number(decode["step_base"]), number(decode["step_per_sequence"])
    most = number(decode["max_num_seqs"])
    tokens_each = rate * (output - 1) / pods[1]
    decode_load = tokens_each * (base + slope * most) / most
    row("decode load", decode_load, "", 0.76, 0.776, 0.05, 3)
    batch = tokens_each * base / (1 - tokens_each * slope)
    row("sequences decoding in a pod", batch, "", None, None, 0.1, 0)
    row("tokens a second and sequence", 1 / (base + slope * batch), "1/s", 21, 1 / 0.0511, 0.1, 1)
    context = prompt + square / output / 2
    capacity = number(decode["kv_blocks"]) * 16
    row("KV memory of a decode pod", capacity * GPU_TOKEN_BYTES / 1e9, "GB", 42, None, 0.01, 1)
    row("of it in use", batch * context / capacity, "")
    row("in use with a full batch", most * context / capacity, "")
    must(most * context < capacity, "a full batch does not fit: preemption at every peak")
    heading("front-end CPU: one core a pod, autoscaler on the request")
    cpu = []
    workloads = spec["cluster"]["workloads"]
    fronts = [p["front_end"] for p in spec["serving"]["pools"]]
    use = [each * number(fronts[0]["cpu_per_request"]),
           tokens_each * number(fronts[1]["cpu_per_output_token"])]
    for pool, used, front, load, run in zip(("prefill", "decode"), use, fronts, workloads,
                                           (0.564, 0.575)):
        cores = number(front["cores"])
        request = number(load["cpu_request_milli"]) / 1000
        target = number(load["autoscaler"]["cpu_utilization_percent"]) / 100
        cpu.append(used / cores)
        row(f"{pool}: cores used", used, "", None, run, 0.05, 3)
        row(f"{pool}: of the request (target {target:.0%})", used / request, "", 0.75,
            run / request, 0.05, 3)
        acts = request * target * (1 + HPA_TOLERANCE) / used
        row(f"{pool}: demand at which the autoscaler acts", acts, "x")
        row(f"{pool}: demand at the 85 % line", 0.85 * cores / used, "x")
        must(used < request * target, f"{pool}: the autoscaler grows without any fault")
    return prefill_load, decode_load, cpu


def failover(spec, prefill_load, decode_load, cpu, cold_ratio):
    heading("headroom before the fault, the same in every region up to rounding")
    row("prefill", 1 / prefill_load, "x")
    row("decode", 1 / decode_load, "x")
    row("front-end CPU of prefill pods", 1 / cpu[0], "x")
    heading("load after the failover, retries left out")
    share = {r["name"]: number(r["share"]) for r in spec["regions"]}
    more = 1 / (1 - share["apac"])
    row("requests into na and eu", more, "x", 2.5, None, 0.001)
    row("prefill, warm sessions", prefill_load * more)
    row("prefill, apac's sessions cold", prefill_load * (1 + (more - 1) * cold_ratio))
    row("decode", decode_load * more)
    row("front-end CPU", cpu[0] * more)
    small = 1 / (1 - 0.15)
    row("apac at 15 %: prefill, its sessions cold", prefill_load * (1 + (small - 1) * cold_ratio),
        "", 0.87, None, 0.05)
    row("apac at 15 %: decode", decode_load * small, "", 0.90, None, 0.05)
    must(cpu[0] * small < 0.85, "a small region's failover passes the CPU line too")
    return more


def amplification(spec, q):
    """Attempts a wanted request when each attempt fails with probability q, delays left out."""
    total = 0.0
    for c in spec["clients"]:
        tries = int(number(c["retry"].get("max_attempts", "1")))
        each = sum(q**k for k in range(tries))
        again = c.get("resubmit")
        if again:
            p = number(again["probability"]) * q**tries
            each *= sum(p**k for k in range(int(number(again["maximum"])) + 1))
        total += number(c["share"]) * each
    return total


def surge(spec, more, cpu, latch_seconds):
    heading("surge into na and eu")
    ttl, fall = number(spec["balancer"]["ttl"]), number(spec["balancer"]["fall"])
    detection = (fall - 0.5) * number(spec["balancer"]["probe_interval"])
    row("detection by probes, after the push", detection, "s", None, 25.96, 0.2, 0)
    # Overload shows in the metrics and at a pass of the autoscaler about 45 s after the failover.
    window = 45 + latch_seconds + FROZEN_AFTER
    row("from failover to the frozen control plane", window, "s", None, 249, 0.2, 0)
    moved = 1 - ttl / 2 / window  # resolvers drain evenly over the TTL
    demand = 1 + (more - 1) * moved
    row("demand, mean of that time", demand, "x")
    q = 0.0
    for _ in range(200):  # what the front ends cannot accept fails and comes again
        q = max(0.0, 1 - 1 / cpu[0] / (demand * amplification(spec, q)))
    row("share of attempts refused", q)
    row("attempts a request", amplification(spec, q), "x")
    row("surge", demand * amplification(spec, q), "x", None, 3.29, 0.1)
    row("peak with everything failing", more * amplification(spec, 1), "x", None, 5.40, 0.3)


def quota_latch(spec):
    heading("quota latch of etcd")
    etcd, limits = spec["control_plane"]["etcd"], spec["cluster"]["controllers"]
    room = number(etcd["quota"]) - number(etcd["initial_file"])
    free = number(etcd["initial_free"]) * number(etcd["initial_file"])
    row("room to the quota", room / 1e6, "MB", 247, None, 0.01, 1)
    row("with the free pages inside the file", (room + free) / 1e6, "MB", None, None, 0.02, 1)
    pod = 18.43e3  # two revisions of 8 KiB (created, marked unschedulable) and two events, in pages
    region = next(r for r in spec["regions"] if r["name"] == "na")
    maximum = number(spec["cluster"]["workloads"][0]["autoscaler"]["max_replicas"])
    pending = maximum - number(region["pools"][0]["replicas"])
    row("Pending pods at maxReplicas (na)", pending, "", None, None, 0.05, 0)
    row("their revisions and events", pending * pod / 1e6, "MB", None, None, 0.05, 0)
    rest = room + free - pending * pod
    row("left for readiness flaps and slices", rest / 1e6, "MB", None, None, 0.2, 0)
    doublings = math.ceil(math.log2(maximum / number(region["pools"][0]["replicas"])))
    row("maxReplicas reached after", doublings * HPA_PERIOD, "s")
    seconds = rest / 0.4e6
    row("used up at 0.4 MB/s after", seconds, "s", None, LATCH_SECONDS, 0.3, 0)
    must(rest > 0, "the Pending pods alone fill the quota")
    must(number(limits["controller_limit"]) > 20, "with default limits the latch is another one")
    must((number(region["pools"][0]["replicas"]) * 0.1) * pod < 0.1 * room,
         "ordinary growth by a tenth of the pods uses the room up")
    return seconds


def breaker(spec, rate):
    heading("breaker")
    safety = spec["safety"]
    sample, threshold = number(safety["sample_rate"]), number(safety["threshold"])
    least = int(number(safety["minimum_count"]))
    checks = rate * sample * WINDOW_SECONDS
    row("answers checked in the window, no fault", checks, "", None, 2056, 0.05, 0)
    row("false alarms among them", checks * FALSE_POSITIVE, "", None, None, 0.1, 1)
    trip = poisson_tail(checks * FALSE_POSITIVE, math.floor(threshold * checks) + 1)
    rows.append(("trips by chance: a window", f"{trip:.1e}", "", "", ""))
    slow = poisson_tail(least * FALSE_POSITIVE, math.floor(threshold * least) + 1)
    rows.append((f"the same at the minimum of {least} checks", f"{slow:.1e}", "", "", ""))
    must(trip * 36000 < 1e-6, "the breaker would trip by chance in ten hours")
    row("bad answers that open it",
        (threshold - FALSE_POSITIVE) / (TRUE_POSITIVE - FALSE_POSITIVE) * 100, "%")


def flush(spec):
    heading("flush")
    objects = number(spec["kv_cache"]["initial_bytes"]) / (BLOCK_TOKENS * STORED_TOKEN_BYTES)
    row("objects", objects / 1e6, "M", 889, None, 0.01, 1)
    seconds = objects / number(spec["kv_cache"]["index_rate"])
    row("through one index master", seconds / 60, "min", 247, 14824 / 60, 0.005, 1)
    return seconds


def timeline(spec, flush_seconds):
    heading("timeline: minutes of each link of the critical path")
    delay = {s["name"]: number(s["delay"]) / 60 for s in spec["operations"]["steps"]}
    alert = next(s for s in spec["operations"]["steps"] if s["name"] == "paged")
    # Users of the lost region hang until their first time-out; only then dashboards show it.
    patience = number(spec["clients"][0]["first_token_timeout"])
    alarm = (patience + number(alert["for"])) / 60
    file = number(spec["control_plane"]["etcd"]["quota"]) / 2**20
    repair = MEMBERS * DEFRAGMENT_SECONDS_A_MIB * file
    hold = number(spec["safety"]["ramp_hold"]) / 60
    before = next(k for k, share in enumerate(RAMP) if share > 0.5) * hold
    links = [("policy pushed to alert", alarm, 2.2), ("paged", delay["paged"], 12.0),
             ("misdiagnosis, prefixes back", delay["restore_routing"], 36.0),
             ("stop the autoscaler", delay["stop_autoscaler"], 20.0),
             ("decide to repair etcd", delay["compact_etcd"], 27.0),
             ("compact, defragment, disarm", repair / 60, 1.25),
             ("find the poison, decide to flush", delay["flush_cache"], 40.0),
             ("flush", flush_seconds / 60, 247.1), ("verify", delay["verify_and_ramp"], 13.0),
             ("ramp until more than half are admitted", before, 21.5)]
    for name, minutes, run in links:
        row(name, minutes, "min", None, run, 0.35, 1)
    total = sum(minutes for _, minutes, _ in links)
    row("push to up again", total, "min", 433, 420, 0.1, 1)
    row("less the first two minutes, in which na and eu still answer", total - 2, "min", 433, 418,
        0.1, 1)


def main():
    spec = read(sys.argv[1] if len(sys.argv) > 1 else SCENARIO)["spec"]
    rate, prompt, history, output, square = demand_and_tokens(spec)
    prefill_load, decode_load, cpu = loads(spec, rate, prompt, history, output, square)
    more = failover(spec, prefill_load, decode_load, cpu, prompt / (prompt - history))
    seconds = quota_latch(spec)
    surge(spec, more, cpu, seconds)
    breaker(spec, rate)
    timeline(spec, flush(spec))
    print(f"{'':<58}{'paper':>10}{'wanted':>10}{'the run':>10}")
    for name, paper, wanted, run, unit in rows:
        print(f"{name:<58}{paper:>10}{wanted:>10}{run:>10}  {unit}".rstrip())
    for fault in faults:
        print(f"does not close: {fault}", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
