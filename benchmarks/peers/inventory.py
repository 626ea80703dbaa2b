"""The hosts, for pyinfra; a file named by the environment says where they are and what is rolled out."""

import json
import os
from pathlib import Path

_FACTS = json.loads(Path(os.environ["ROLL_OUT"]).read_text())

everybody = [
    (
        name,
        {
            "ssh_hostname": address,
            "ssh_port": port,
            "ssh_user": _FACTS["user"],
            "ssh_key": _FACTS["key"],
            "ssh_known_hosts_file": _FACTS["known_hosts"],
            "roll_out": _FACTS,
        },
    )
    for name, (address, port) in _FACTS["hosts"].items()
]
