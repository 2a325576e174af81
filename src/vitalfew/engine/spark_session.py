"""A Spark session: the one somebody has begun (spark-submit), or one on this machine."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from vitalfew.faults import Fault, Refused, RunFailed

LEAST_JAVA = 17
MEMORY = "3g"
"""Of a Spark on this machine, unless SPARK_DRIVER_MEMORY says another: what DuckDB takes."""

MEANING = {
    # Results depend on these, so that they are set whatever a cluster's own settings are.
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
    "spark.sql.caseSensitive": "true",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "50000",
}


class Session:
    """A session with the settings that results depend on; `close` ends what was started here.

    Raises Refused when PySpark or Java is missing, RunFailed when Spark does not start.
    """

    def __init__(self, folder: Path) -> None:
        if find_spec("pyspark") is None:
            raise Refused([Fault("--engine spark", 1, "PySpark is not installed", "pip install 'vitalfew[spark]'")])
        from pyspark.sql import SparkSession  # noqa: PLC0415

        self._gateway: Any = None
        found = SparkSession.getActiveSession()
        self._foreign = found is not None
        with failures():
            if found is None and "PYSPARK_GATEWAY_PORT" in os.environ:
                # spark-submit has started Java, with the settings it was given.
                found = SparkSession.builder.appName("vitalfew").getOrCreate()
            try:
                self.spark: Any = found or self._started(folder)
            except BaseException:
                self._end_java()
                raise
            for name, value in MEANING.items():
                self.spark.conf.set(name, value)

    def close(self) -> None:
        """End the session and its Java process, when they were started here."""
        if self._foreign:
            return
        self.spark.stop()
        self._end_java()

    def _end_java(self) -> None:
        if self._gateway is None:
            return
        from pyspark import SparkContext  # noqa: PLC0415

        process = self._gateway.proc
        self._gateway.shutdown()
        process.stdin.close()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._gateway = None
        # PySpark keeps one Java process as long as Python lives; without this the next session would talk to the one just ended.
        SparkContext._gateway = SparkContext._jvm = SparkContext._active_spark_context = None

    def _started(self, folder: Path) -> Any:
        need_java()
        from pyspark import SparkConf, SparkContext  # noqa: PLC0415
        from pyspark.errors import PySparkException  # noqa: PLC0415
        from pyspark.java_gateway import launch_gateway  # noqa: PLC0415
        from pyspark.sql import SparkSession  # noqa: PLC0415

        given = defaults_given()
        conf = SparkConf(loadDefaults=False).setAll([(name, value) for name, value in own(folder, given).items()])
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        # What Java says while it starts goes into a file, not among the lines of the run.
        log = folder / "spark.log"
        with log.open("wb") as told:
            try:
                self._gateway = launch_gateway(conf, {"stdout": told, "stderr": told})
            except PySparkException as error:
                said = [line for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
                raise RunFailed(f"Spark did not start: {said[-1][:300] if said else error}") from error
        return SparkSession(SparkContext(gateway=self._gateway, conf=conf))


@contextmanager
def failures() -> Iterator[None]:
    """What Spark raises, as a run that failed, with the one line of it that says why."""
    from py4j.protocol import Py4JError  # noqa: PLC0415
    from pyspark.errors import PySparkException  # noqa: PLC0415

    try:
        yield
    except (PySparkException, Py4JError) as error:
        lines = [line.strip(" :\t") for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
        # Of an error in a worker the first lines say where it was, the last of this form what it is.
        said = [line for line in lines if re.match(r"[\w.]*(Error|Exception): ", line)] or lines[:1]
        raise RunFailed(f"Spark stopped the run: {said[-1][:300]}") from error


def defaults_given() -> dict[str, str]:
    """What the file spark-defaults.conf in SPARK_CONF_DIR says: it goes before what is set here."""
    folder = os.environ.get("SPARK_CONF_DIR")
    path = Path(folder) / "spark-defaults.conf" if folder else None
    if path is None or not path.is_file():
        return {}
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    pairs = (re.split(r"\s*=\s*|\s+", line, maxsplit=1) for line in lines if line and not line.startswith("#"))
    return {pair[0]: pair[1] for pair in pairs if len(pair) == 2}


def own(folder: Path, given: dict[str, str]) -> dict[str, str]:
    """The settings of a session begun here: those of `given` are Spark's own to read, what it leaves out is filled in."""
    cores = str(os.cpu_count() or 1)
    settings = {
        "spark.app.name": "vitalfew",
        "spark.master": f"local[{cores}]",
        "spark.driver.memory": os.environ.get("SPARK_DRIVER_MEMORY", MEMORY),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "ERROR",
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
    }
    if given.get("spark.master", "local").startswith("local"):
        settings |= {
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.local.dir": str(folder / "local"),
            "spark.default.parallelism": cores,
            "spark.sql.shuffle.partitions": cores,
        }
    return {name: value for name, value in settings.items() if name not in given}


def need_java() -> None:
    """Raise Refused unless a Java that Spark runs on is there, at JAVA_HOME or on the path."""
    home = os.environ.get("JAVA_HOME")
    java = shutil.which(str(Path(home) / "bin" / "java")) if home else shutil.which("java")
    mend = f"install Java {LEAST_JAVA} or newer (on Debian: apt-get install openjdk-{LEAST_JAVA}-jre-headless), or set JAVA_HOME"
    if java is None:
        where = f"at JAVA_HOME={home}" if home else "on this machine"
        raise Refused([Fault("--engine spark", 1, f"Spark needs Java, and there is none {where}", mend)])
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)  # noqa: S603 - found above
    version = re.search(r'version "(\d+)', said.stderr + said.stdout)
    if version is None or int(version[1]) < LEAST_JAVA:
        found = version[1] if version else "of an unknown version"
        raise Refused([Fault("--engine spark", 1, f"Spark needs Java {LEAST_JAVA} or newer; {java} is {found}", mend)])
