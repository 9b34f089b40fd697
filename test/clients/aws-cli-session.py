# The AWS command line many times, loaded once: each call is a child of this process, which has the program ready. Loading it is most of
# what a call costs. Reads [{"args": [...], "env": {...}}] as JSON, prints [{"code": 0, "stdout": "", "stderr": ""}].

import json
import os
import sys
import tempfile

import awscli.clidriver
import botocore.httpsession  # what the first call would load besides
import botocore.auth


def call(args, env):
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = os.fork()
        if child == 0:
            os.dup2(out.fileno(), 1)
            os.dup2(err.fileno(), 2)
            os.environ.update(env)
            code = 255
            try:
                sys.argv[1:] = args  # where main() reads them
                code = awscli.clidriver.main()
                sys.stdout.flush()
                sys.stderr.flush()
            finally:
                os._exit(code)
        _, status = os.waitpid(child, 0)
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode().strip())
        return {"code": os.waitstatus_to_exitcode(status), "stdout": texts[0], "stderr": texts[1]}


print(json.dumps([call(one["args"], one["env"]) for one in json.load(sys.stdin)]))
