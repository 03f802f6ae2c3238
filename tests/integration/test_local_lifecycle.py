"""The platform starts and stops cleanly, keeps its state, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from infra.local import control, processes
from infra.local.control import PlatformError
from infra.local.home import Home
from tests.integration import conftest, fake_image
from tests.integration.conftest import LocalPlatform, free_port, running
from tests.integration.fake_pipeline import ROLE
from tests.integration.observe import processes_of, wait_for
from tests.integration.test_local_endpoints import archive
from tests.integration.test_local_functions import Functions
from tests.integration.test_local_pipelines import World


def serving(platform, name):
    """Create an endpoint that serves."""
    s3, sm = platform.client("s3"), platform.client("sagemaker")
    s3.create_bucket(Bucket="life")
    digest, content = fake_image.build()
    s3.put_object(Bucket="life", Key=f"image/{digest}.zip", Body=content)
    s3.put_object(Bucket="life", Key="model.tar.gz", Body=archive({"model.json": b'{"rows": []}'}))
    sm.create_model(
        ModelName=name,
        ExecutionRoleArn=ROLE,
        PrimaryContainer={
            "Image": fake_image.uri(digest),
            "ModelDataUrl": "s3://life/model.tar.gz",
            "Environment": {"MARK": name},
        },
    )
    sm.create_endpoint_config(
        EndpointConfigName=name,
        ProductionVariants=[{"VariantName": "A", "ModelName": name, "InstanceType": "ml.m5.large"}],
    )
    sm.create_endpoint(EndpointName=name, EndpointConfigName=name)
    wait_for(
        lambda: sm.describe_endpoint(EndpointName=name)["EndpointStatus"],
        lambda status: status == "InService",
    )


def mark(platform, name):
    answer = platform.client("sagemaker-runtime").invoke_endpoint(EndpointName=name, Body=b"1")
    return answer["CustomAttributes"]


def test_a_proxy_for_everything_does_not_hide_the_platform(tmp_path):
    nowhere = "http://127.0.0.1:9"
    behind = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), nowhere)
    solar = [sys.executable, "-m", "console"]
    variables = {**os.environ, **behind, "SOLAR_HOME": str(tmp_path / "home")}
    variables.pop("NO_PROXY", None)

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*solar, *command],
            cwd=Path(__file__).resolve().parents[2],
            env=variables,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    started = run("local", "up", "--port", str(free_port()))
    asked = run("--endpoint", "local", "runs")
    run("local", "down")
    assert started.returncode == 0, started.stderr
    assert "is not deployed" in asked.stderr + asked.stdout


def test_state_survives_a_restart_and_endpoints_serve_again(tmp_path):
    with running(tmp_path) as platform:
        serving(platform, "survivor")
        platform.client("sqs").create_queue(QueueName="kept")
        platform.client("sqs").send_message(
            QueueUrl=platform.client("sqs").get_queue_url(QueueName="kept")["QueueUrl"],
            MessageBody="still here",
        )
        for region in ("us-east-1", "eu-west-1"):
            platform.client("sagemaker", region).create_model_package_group(
                ModelPackageGroupName="kept", ModelPackageGroupDescription=region
            )
    with running(tmp_path) as platform:
        assert mark(platform, "survivor") == "survivor"
        url = platform.client("sqs").get_queue_url(QueueName="kept")["QueueUrl"]
        message = platform.client("sqs").receive_message(QueueUrl=url)["Messages"][0]
        assert message["Body"] == "still here"
        for region in ("us-east-1", "eu-west-1"):
            group = platform.client("sagemaker", region).describe_model_package_group(
                ModelPackageGroupName="kept"
            )
            assert group["ModelPackageGroupDescription"] == region
    assert processes_of(tmp_path) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        *("images", "lock", "platform.log", "s3", "state")
    ]


def test_a_platform_that_was_killed_leaves_no_process_and_starts_again(tmp_path):
    with running(tmp_path, SOLAR_LOCAL_SAVE_EVERY="0.5") as platform:
        serving(platform, "orphan")
        functions = Functions(platform)
        worker, _ = functions.invoke(functions.create("orphan"))
        time.sleep(2)
        os.kill(platform.info.pid, signal.SIGKILL)
        os.waitpid(platform.info.pid, 0)
        wait_for(lambda: processes_of(tmp_path), lambda left: left == [], seconds=5)
        assert processes.identity(worker["pid"]) is None
        assert control.status(tmp_path) is None
        again = control.up(tmp_path, free_port())
        assert control.status(tmp_path) == again
        assert mark(LocalPlatform(tmp_path, again), "orphan") == "orphan"
    assert not (tmp_path / "tmp").exists()


def test_a_killed_platforms_execution_and_its_running_step_have_failed(tmp_path):
    with running(tmp_path, SOLAR_LOCAL_SAVE_EVERY="0.2") as platform:
        world = World(platform, "killed")
        world.create()
        arn = world.start(sleep=60)
        wait_for(lambda: world.steps(arn), lambda found: "Train" in found)
        saved = tmp_path / "state/sagemaker.json"
        wait_for(lambda: '"Train"' in saved.read_text() if saved.exists() else False, bool)
        os.kill(platform.info.pid, signal.SIGKILL)
        os.waitpid(platform.info.pid, 0)
    with running(tmp_path) as platform:
        world.sm = platform.client("sagemaker")
        assert world.ended(arn)["PipelineExecutionStatus"] == "Failed"
        step = world.steps(arn)["Train"]
        assert step["StepStatus"] == "Failed"
        assert "the local platform was stopped" in step["FailureReason"]


def test_up_twice_is_up_once(tmp_path):
    said = []
    with running(tmp_path) as platform:
        assert control.up(tmp_path, free_port(), progress=said.append) == platform.info
    assert "already runs" in said[0]


def test_down_without_up_says_so(tmp_path):
    assert control.down(tmp_path) is False
    assert control.down(tmp_path / "never") is False


def test_a_port_in_use_is_refused(tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(PlatformError, match=r"port \d+ is in use .* --port"):
            control.up(tmp_path, other.getsockname()[1])
    assert control.status(tmp_path) is None


def test_a_full_disk_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(control, "_LEAST_FREE", 1 << 60)
    with pytest.raises(PlatformError, match=r"no space: \d+ MB are free"):
        control.up(tmp_path, free_port())


def test_a_home_that_cannot_be_used_is_refused(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(PlatformError, match="cannot be used"):
        control.up(tmp_path / "file" / "home", free_port())


def test_a_stale_file_of_a_reused_pid_is_nobody(tmp_path):
    info = {
        "pid": os.getpid(),
        "port": 1,
        "endpoint_url": "",
        "account_id": "",
        "region": "",
        "home": str(tmp_path),
        "started": "another process",
    }
    Home(tmp_path).info.write_text(json.dumps(info))
    assert control.status(tmp_path) is None
    assert control.down(tmp_path) is False
    assert processes.identity(os.getpid()) is not None


def test_two_platforms_do_not_meet(tmp_path, platform):
    with running(tmp_path, AWS_DEFAULT_REGION="eu-west-1") as other:
        other.client("s3").create_bucket(
            Bucket="mine", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        names = {each["Name"] for each in platform.client("s3").list_buckets()["Buckets"]}
        assert "mine" not in names
        arn = other.client("sns").create_topic(Name="topic")["TopicArn"]
        assert arn == "arn:aws:sns:eu-west-1:000000000000:topic"
    platform.client("s3").list_buckets()


def test_nothing_listens_on_other_addresses(platform):
    address = socket.gethostbyname(socket.gethostname())
    if address.startswith("127."):
        pytest.skip("this machine has no address but its own")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((address, platform.info.port), timeout=1).close()


def test_ctrl_c_while_it_starts_leaves_nothing(tmp_path):
    script = (
        "import pathlib, sys\n"
        "from infra.local import control\n"
        "say = lambda line: print(line, flush=True)\n"
        "control.up(pathlib.Path(sys.argv[1]), int(sys.argv[2]), progress=say)\n"
    )
    starting = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path), str(free_port())],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with starting:
        assert starting.stdout is not None
        assert "starting" in starting.stdout.readline()
        time.sleep(0.2)
        starting.send_signal(signal.SIGINT)
        assert starting.wait(timeout=30) != 0
    assert processes_of(tmp_path) == []
    assert control.status(tmp_path) is None


def test_what_differs_from_aws_is_explained():
    features = {each.feature for each in control.explain()}
    assert {"AWS::Budgets::Budget", "SNS e-mail"} <= features
    assert all(each.behaviour and each.why for each in control.explain())


def test_the_callers_own_account_is_never_reached(tmp_path):
    secret = {"AWS_ACCESS_KEY_ID": "AKIAREAL", "AWS_SECRET_ACCESS_KEY": "real", "AWS_PROFILE": "p"}
    with conftest.running(tmp_path, **secret) as platform:
        environment = Path(f"/proc/{platform.info.pid}/environ").read_bytes()
    assert b"AKIAREAL" not in environment
    assert b"AWS_PROFILE" not in environment
