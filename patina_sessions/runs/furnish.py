"""How a workspace is made: created with the tree mounted, looked into, furnished, and given its name when all is done.

Its name says that it is not ready until then, so that nobody finds half of one, and a kill leaves what the next
command removes.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable

from patina_sessions.errors import PatinaError
from patina_sessions.paths import Layout
from patina_sessions.runs import labels, request
from patina_sessions.runs.outcome import NOT_FOUND, NOT_RUNNABLE
from patina_sessions.runs.workspace import UNREADY, Wanted, Workspace
from patina_sessions.system import clock, files
from patina_sessions.system.docker import Container, Engine, Mount, Said

Say = Callable[[str], None]

# Ends itself after so many looks, seconds apart, at which nothing had been run and nothing ran. `read` and `[ -nt ]`
# are the shell's own; only sleep is not.
_IDLE = r"""
trap 'exit 0' TERM INT
looks=$1 apart=$2 unused=0
mkdir -p /patina 2>/dev/null; true > /patina/seen
while [ $unused -lt "$looks" ]; do
  sleep "$apart" & wait $!
  busy=0
  for d in /proc/[0-9]*; do
    case ${d#/proc/} in 1|$$) ;; *) busy=$((busy + 1));; esac
  done
  if [ $busy -gt 0 ] || [ /patina/used -nt /patina/seen ]; then
    unused=0; true > /patina/seen
  else
    unused=$((unused + 1))
  fi
done
"""

# As root, once: a home that the user can write to, a name for a user without one (git, ssh and Python ask for it), and
# two answers: whether the folder of this machine is really there, and what time it is in here.
_FURNISH = r"""
uid=$1 gid=$2 nonce=$3
mkdir -p /patina/home && chmod 755 /patina && chown "$uid:$gid" /patina/home || exit 1
true > /patina/used && chmod 666 /patina/used
known=0
while IFS=: read -r _ _ id _; do [ "$id" = "$uid" ] && known=1; done < /etc/passwd
[ $known = 1 ] || echo "patina:x:$uid:$gid:patina:/patina/home:/bin/sh" >> /etc/passwd
[ -n "$nonce" ] && [ -e "$nonce" ] && echo seen || echo unseen
date +%s
"""


def make(
    engine: Engine, wanted: Wanted, configured: str, *, say: Say, setup: Callable[[Workspace], None]
) -> Workspace:
    """Make a workspace and run the project's setup in it; what is half made when that fails is removed."""
    say(f"Making the workspace of this worktree from {wanted.image}, once")
    for copied in (False, True):
        made = _create(engine, wanted, configured, copied=copied)
        if made is None:
            continue
        try:
            seen = _furnish(engine, wanted, made, say=say)
            if not copied and not seen:
                engine.remove(made.container)
                continue
            if copied:
                say("The engine does not see this file system: the tree is copied in before each run,")
                say("and what a run writes stays in the workspace.")
            setup(made)
            ready_name = made.name.removesuffix(UNREADY)
            engine.call_it(made.container, ready_name)
        except BaseException:
            engine.remove(made.container)
            raise
        return Workspace(
            container=made.container,
            name=ready_name,
            image=made.image,
            user=made.user,
            copied=copied,
            fresh=True,
        )
    raise PatinaError("the engine refuses a container of its own", "Ask it: docker info")


def _create(engine: Engine, wanted: Wanted, configured: str, *, copied: bool) -> Workspace | None:
    """Create and start the container; None where the engine does not have the folder to be mounted."""
    settings, layout = wanted.settings, wanted.layout
    most = settings.text("docker.memory")
    memory = {"Memory": request.size(most), "MemorySwap": request.size(most)} if most else {}
    name = f"patina-{layout.key}-{secrets.token_hex(3)}{UNREADY}"
    marks = {
        **labels.common(layout.top, layout.key),
        labels.KIND: "workspace",
        labels.CONFIGURATION: configured,
        labels.ASKED: wanted.project.asked,
        labels.TREE: "copied" if copied else "mounted",
    }
    looks, apart = patience(settings.number("docker.idle_hours"))
    plan = Container(
        image=wanted.image,
        entrypoint=("/bin/sh", "-c"),
        command=(_IDLE, "patina-idle", str(looks), str(apart)),
        name=name,
        labels=marks,
        user="0",
        mounts=() if copied else mounts(layout),
        environment=wanted.project.environment,
        network=settings.text("docker.network"),
        more={"PidsLimit": int(settings.number("docker.pids")), **memory},
    )
    container = ""
    try:
        container = engine.create(plan)
        engine.start(container)
    except PatinaError as error:
        if container:
            engine.remove(container)
        words = error.message.lower()
        if "bind source path does not exist" in words or ("mount" in words and "no such file" in words):
            return None
        if "/bin/sh" in words:
            raise no_shell(wanted.image) from error
        raise
    return Workspace(container=container, name=name, image=wanted.image, user=wanted.user, copied=copied)


def patience(hours: float) -> tuple[int, int]:
    """Return after how many looks without a use a workspace ends itself, and the whole seconds between two."""
    seconds = hours * 3600
    apart = max(1, min(60, int(seconds / 10)))
    return max(1, math.ceil(seconds / apart)), apart


def no_shell(image: str) -> PatinaError:
    """Return what is said of an image without a shell."""
    return PatinaError(
        f"the image {image} has no shell, which a workspace waits in",
        f"Name another image: --image NAME. Or run it by itself: docker run --rm {image} COMMAND",
    )


def mounts(layout: Layout) -> tuple[Mount, ...]:
    """Return the tree, and the git directory where that lies elsewhere (a linked worktree, a submodule)."""
    top = str(layout.top)
    try:
        top.encode("utf-8")
    except UnicodeEncodeError as error:
        raise PatinaError(
            "an engine takes no folder whose name is not UTF-8", "Rename the folder of the project."
        ) from error
    found = [Mount(source=top, target=top)]
    for git in (layout.common.git, layout.git):
        if not any(git.is_relative_to(m.source) for m in found):
            found.append(Mount(source=str(git), target=str(git)))
    return tuple(found)


def _furnish(engine: Engine, wanted: Wanted, made: Workspace, *, say: Say) -> bool:
    """Prepare the container; return whether it sees this machine's tree."""
    nonce = wanted.layout.local / f"engine-{secrets.token_hex(4)}"
    looked = not made.copied
    if looked:
        files.make_folder(wanted.layout.local, 0o755)
        files.create(nonce, b"")
    try:
        before = clock.wall()
        words = str(wanted.user.uid), str(wanted.user.gid), str(nonce) if looked else ""
        said = _asked(engine, wanted.image, made.container, *words)
    finally:
        if looked:
            files.remove(nonce)
    if said.code:
        raise PatinaError(
            f"the workspace cannot be prepared: {said.err.decode('utf-8', 'replace').strip()[:300]}",
            "Is the image writable, and has it mkdir, chmod and chown?",
        )
    answers = said.out.decode("utf-8", "replace").split()
    ahead = int(answers[-1]) - before if answers and answers[-1].isdigit() else 0.0
    if abs(ahead) > 5:
        say(f"The engine's clock is {ahead:+.0f} s from ours; the journal's times are ours.")
    return "seen" in answers


def _asked(engine: Engine, image: str, container: str, *words: str) -> Said:
    try:
        said = engine.ask(container, ["/bin/sh", "-c", _FURNISH, "sh", *words], user="0")
    except PatinaError as error:
        raise _ended(engine, image, container) or error from error
    if said.code == NOT_RUNNABLE and b"/bin/sh" in said.out:
        raise no_shell(image)
    ended = _ended(engine, image, container) if said.code else None
    if ended is not None:  # it ended while it was asked
        raise ended
    return said


def _ended(engine: Engine, image: str, container: str) -> PatinaError | None:
    """Return why the container is not running any more, None where it is."""
    seen = engine.inspect(container)
    if seen is None or seen["State"]["Running"]:
        return None
    code = seen["State"]["ExitCode"]
    if code == NOT_FOUND or not engine.has(
        container, ("/bin/sh",)
    ):  # the inits of engines have codes of their own
        return no_shell(image)
    return PatinaError(
        f"the workspace ended at once, with exit code {code}", f"Is {image} made for this machine?"
    )
