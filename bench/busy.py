"""``python -m bench.busy``: what a training step takes alone and beside busy processes, with and without spinning.

A thread of PyTorch that waits for the others looks for work without pause before it sleeps (GNU OpenMP's
``GOMP_SPINCOUNT``). On a busy machine the one that it waits for cannot run meanwhile; `common.quiet` shortens that.
"""

import argparse
import os
import subprocess
import sys
from statistics import median

from common.quiet import SETTINGS as QUIET

OURS = QUIET["GOMP_SPINCOUNT"]
SETTINGS = {"as GNU OpenMP comes": None, f"GOMP_SPINCOUNT={OURS}": OURS}
_SPIN = "while True: pass"
_STEP = """
import sys, time, torch
from torchvision.models import resnet18
torch.set_num_threads(2)
torch.manual_seed(0)
network = resnet18(num_classes=4)
optimizer = torch.optim.AdamW(network.parameters())
images, labels = torch.randn(32, 3, 64, 64), torch.randint(0, 4, (32,))
def step():
    optimizer.zero_grad()
    torch.nn.functional.cross_entropy(network(images), labels).backward()
    optimizer.step()
step()
wall, cpu = time.perf_counter(), time.process_time()
for _ in range(int(sys.argv[1])):
    step()
print((time.perf_counter() - wall) / int(sys.argv[1]), (time.process_time() - cpu) / int(sys.argv[1]))
"""


def measure(spins: str | None, steps: int) -> tuple[float, float]:
    """Return wall and CPU seconds of a step of ResNet18 at 64 px with two threads, in a process of its own."""
    environment = {
        name: value for name, value in os.environ.items() if name not in ("GOMP_SPINCOUNT", "OMP_NUM_THREADS")
    }
    environment |= {"GOMP_SPINCOUNT": spins} if spins else {}
    said = subprocess.run(
        [sys.executable, "-c", _STEP, str(steps)], env=environment, capture_output=True, text=True, check=True
    )
    wall, cpu = map(float, said.stdout.split())
    return wall, cpu


def main() -> None:
    """Alternate the settings, alone and beside busy processes; print medians and ratios."""
    command = argparse.ArgumentParser(prog="python -m bench.busy", description=__doc__)
    command.add_argument("--steps", type=int, default=8)
    command.add_argument("--repeats", type=int, default=3)
    command.add_argument("--beside", type=int, nargs="+", default=[0, 2], help="busy processes")
    given = command.parse_args()
    for beside in given.beside:
        busy = [subprocess.Popen([sys.executable, "-c", _SPIN]) for _ in range(beside)]
        try:
            seen: dict[str, list[tuple[float, float]]] = {name: [] for name in SETTINGS}
            for _ in range(given.repeats):
                for name, spins in SETTINGS.items():
                    seen[name].append(measure(spins, given.steps))
        finally:
            for process in busy:
                process.kill()
        walls = [median(wall for wall, _ in seen[name]) for name in SETTINGS]
        for name, wall in zip(SETTINGS, walls, strict=True):
            cpu = median(cpu for _, cpu in seen[name])
            print(f"{beside} busy processes, {name}: {wall:.3f} s a step, {cpu:.3f} s of CPU")
        print(f"beside={beside} ratio={walls[1] / walls[0]:.2f}")


if __name__ == "__main__":
    main()
