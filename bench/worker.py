"""One program of the benchmark, alone in its process: `worker.py MODULE CLASS JOB`. It is asked in lines of JSON,
[method, arguments], and answers in lines of JSON: what the method returned, its seconds, and the memory so far."""
import importlib, json, os, resource, sys, time


def peak_bytes():
    "The most memory that this process has held, on the machine and on the GPU"
    memory = {"host": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)}
    torch = sys.modules.get("torch")
    if torch and torch.cuda.is_available(): memory["gpu"] = torch.cuda.max_memory_allocated()
    return memory


def keep_cores(n):
    "Use only the first n of the cores; before any import, as libraries count them then"
    if not hasattr(os, "sched_setaffinity"): raise NotImplementedError("this system cannot keep a program on one core")
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:n])


def check_bfloat16(job):
    "Refuse products in bfloat16 where they are emulated: a tenth of the usual speed says nothing about a program"
    if job["device"] != "cpu" or not (job.get("bf16") or job.get("learn", {}).get("bf16")): return
    import torch
    if not torch.ops.mkldnn._is_mkldnn_bf16_supported():
        raise NotImplementedError("this processor has no instructions for bfloat16")


def main(module, name, job):
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what a program prints belongs into its log, not between the answers
    job = json.loads(job)
    try:
        if "cores" in job: keep_cores(job["cores"])
        check_bfloat16(job)
        program = getattr(importlib.import_module(module), name)(job)
    except (ImportError, NotImplementedError) as error:  # not installed, or not made for this device
        return print(json.dumps({"absent": f"{error}"}), file=answers)
    print(json.dumps({"bytes": peak_bytes()}), file=answers)
    for line in sys.stdin:
        method, arguments = json.loads(line)
        start = time.perf_counter()
        value = getattr(program, method)(**arguments)
        answer = {"value": value, "seconds": time.perf_counter() - start, "bytes": peak_bytes()}
        print(json.dumps(answer), file=answers)


if __name__ == "__main__": main(*sys.argv[1:])
