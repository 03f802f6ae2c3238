"""A container image of a few lines: the contract without the science, so that a pipeline takes a second."""

from __future__ import annotations

import hashlib
import io
import zipfile

ENTRYPOINT = """
import json, os, pathlib, signal, sys, tarfile, time

BASE = pathlib.Path(os.environ["SAGEMAKER_BASE_DIR"])


def preprocess():
    if "--fail" in sys.argv:
        (BASE / "output").mkdir(exist_ok=True)
        (BASE / "output/message").write_text("no row is left after masking")
        sys.exit(3)
    names = sorted(path.name for path in (BASE / "processing/input/raw").rglob("*") if path.is_file())
    (BASE / "processing/output/data/rows.json").write_text(json.dumps(names))
    seen = {
        "aws": sorted(name for name in os.environ if name.startswith("AWS_")),
        "job": json.loads((BASE / "config/processingjobconfig.json").read_text())["ProcessingJobName"],
    }
    (BASE / "processing/output/data/seen.json").write_text(json.dumps(seen))
    print("preprocessed", len(names), "files")


def train():
    given = json.loads((BASE / "input/config/hyperparameters.json").read_text())
    if given.get("fail"):
        (BASE / "output/failure").write_text("loss is not finite")
        sys.exit(1)
    checkpoint = BASE / "checkpoints/epoch"
    epoch = int(checkpoint.read_text()) if checkpoint.exists() else 0
    checkpoint.write_text(str(epoch + 1))
    if given.get("sleep"):
        print("training slowly", flush=True)
        time.sleep(float(given["sleep"]))
    rows = json.loads((pathlib.Path(os.environ["SM_CHANNEL_TRAIN"]) / "rows.json").read_text())
    model = {"rows": rows, "epoch": epoch + 1, "given": given}
    (pathlib.Path(os.environ["SM_MODEL_DIR"]) / "model.json").write_text(json.dumps(model))
    print("validation r2=0.90 r2=0.97")


def evaluate():
    with tarfile.open(BASE / "processing/model/model.tar.gz") as archive:
        model = json.load(archive.extractfile("model.json"))
    report = {"r2": 0.97, "rows": len(model["rows"]), "epoch": model["epoch"]}
    (BASE / "processing/output/evaluation/evaluation.json").write_text(json.dumps(report))


def serve():
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    model = json.loads((BASE / "model/model.json").read_text())
    if os.environ.get("BROKEN") == "start":
        sys.exit("the model cannot be loaded")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = 200
            if body == b"bad rows":
                status = 400
            if body == b"die":
                os._exit(1)
            if os.environ.get("BROKEN") == "answers":
                status = 500
            answer = {
                "body": body.decode(),
                "rows": model["rows"],
                "accept": self.headers["Accept"],
                "custom": self.headers["X-Amzn-SageMaker-Custom-Attributes"],
                "credentials": "AWS_ACCESS_KEY_ID" in os.environ,
            }
            content = json.dumps(answer).encode() if status == 200 else b"rows of 7 numbers expected"
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("X-Amzn-SageMaker-Custom-Attributes", os.environ.get("MARK", ""))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *arguments):
            print("request", *arguments[1:], flush=True)

    ThreadingHTTPServer(("127.0.0.1", int(os.environ["SAGEMAKER_BIND_TO_PORT"])), Handler).serve_forever()


{"preprocess": preprocess, "train": train, "evaluate": evaluate, "serve": serve}[sys.argv[1]]()
"""


def build() -> tuple[str, bytes]:
    """Return the image's digest and bytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in (
            ("infra/__init__.py", ""),
            ("infra/image/__init__.py", ""),
            ("infra/image/entrypoint.py", ENTRYPOINT),
        ):
            archive.writestr(zipfile.ZipInfo(name), text)
    content = packed.getvalue()
    return hashlib.sha256(content).hexdigest(), content


def uri(digest: str) -> str:
    """Return the image's URI as deployments write it."""
    return f"000000000000.dkr.ecr.us-east-1.amazonaws.com/solar-ml@sha256:{digest}"
