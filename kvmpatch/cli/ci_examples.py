"""CI jobs that run `annotate`, as `--example` prints them.

They run on a plain pull or merge request, with rights to read and no secrets: the commits that they look at may come
from anybody. Values that a contributor can choose reach the shell as variables, never as part of the script.
"""

from __future__ import annotations

from collections.abc import Sequence

from kvmpatch.words import Language, Text

_GITHUB = """\
{name}
name: kvmpatch

{trigger}
on:
  pull_request:

{rights}
permissions:
  contents: read

jobs:
  annotate:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@v4
        with:
          {whole}
          fetch-depth: 0
          ref: ${{{{ github.event.pull_request.head.sha }}}}
          persist-credentials: false
      - uses: actions/setup-python@v5
        with:
          python-version: "3.12"
      {install}
      - name: Install kvmpatch
        env:
          KVMPATCH: ${{{{ vars.KVMPATCH }}}}
        run: python -m pip install "${{KVMPATCH:?set the variable KVMPATCH}}"
      {run}
      - name: kvmpatch annotate
        env:
          BASE: ${{{{ github.event.pull_request.base.sha }}}}
          HEAD: ${{{{ github.event.pull_request.head.sha }}}}
        run: |
          kvmpatch annotate "$BASE..$HEAD" --onto "$BASE" --fail-on error \\
            --format github --summary "$GITHUB_STEP_SUMMARY" --max-bytes 1000000
"""

_GITLAB = """\
{name}
kvmpatch:
  image: python:3.12
  {trigger}
  rules:
    - if: $CI_PIPELINE_SOURCE == "merge_request_event"
  variables:
    {whole}
    GIT_DEPTH: "0"
  script:
    {install}
    - python -m pip install "${{KVMPATCH:?set the variable KVMPATCH}}"
    - target="refs/remotes/origin/$CI_MERGE_REQUEST_TARGET_BRANCH_NAME"
    - git fetch --quiet origin "+refs/heads/$CI_MERGE_REQUEST_TARGET_BRANCH_NAME:$target"
    {run}
    - >-
      kvmpatch annotate "$target..$CI_COMMIT_SHA" --onto "$target" --fail-on error
      --format gitlab -o gl-code-quality-report.json
      --summary kvmpatch.md --max-bytes 1000000
  artifacts:
    when: always
    paths:
      - kvmpatch.md
    reports:
      codequality: gl-code-quality-report.json
"""

_NAMES = {
    "github": Text(
        "放在 .github/workflows/kvmpatch.yml：逐行标注拉取请求中的提交，并写出摘要。",
        "Goes into .github/workflows/kvmpatch.yml: annotates the commits of a pull request and writes a summary.",
    ),
    "gitlab": Text(
        "放进 .gitlab-ci.yml：把合并请求中的发现写成 Code Quality 报告。",
        "Goes into .gitlab-ci.yml: the findings about a merge request as a Code Quality report.",
    ),
}
_TRIGGERS = {
    "github": Text(
        "不要换成带有写权限与机密的触发方式：提交内容由他人决定。",
        "Not a trigger that has secrets or may write: others decide what these commits hold.",
    ),
    "gitlab": Text("只在合并请求中运行。", "For merge requests alone."),
}
_RIGHTS = Text("只读，不需要任何机密。", "It reads; no secret is needed.")
_WHOLE = Text("需要完整历史：浅克隆只能得到“无法判断”（退出状态 3）。",
              "The whole history: from a shallow clone the answer is undecided, exit status 3.")  # fmt: skip
_INSTALL = Text(
    "变量 KVMPATCH 指明从何处安装：wheel、目录，或 git+https 地址。",
    "The variable KVMPATCH tells where pip finds it: a wheel, a directory, or a git+https address.",
)
_RUN = Text(
    "1：有错误；3：无法判断，不算通过。加 --baseline FILE 后只看新发现。",
    "1: errors; 3: undecided, which is not green. With --baseline FILE only new findings count.",
)

EXAMPLES = ("github", "gitlab")


def example(service: str, languages: Sequence[Language]) -> str:
    """The job for one service, its comments in one language or both."""
    template = _GITHUB if service == "github" else _GITLAB
    comments = {
        "name": _NAMES[service],
        "trigger": _TRIGGERS[service],
        "rights": _RIGHTS,
        "whole": _WHOLE,
        "install": _INSTALL,
        "run": _RUN,
    }
    written = {name: _comment(template, name, said, languages) for name, said in comments.items()}
    return template.format_map(written)


def _comment(template: str, name: str, said: Text, languages: Sequence[Language]) -> str:
    """Comment lines, as deep as the place where they go."""
    place = next((line for line in template.splitlines() if line.strip() == f"{{{name}}}"), "")
    indent = " " * (len(place) - len(place.lstrip()))
    return f"\n{indent}".join(f"# {said.in_language(language)}" for language in languages)
