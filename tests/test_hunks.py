"""What a patch text tells of the code that it changes, and what it does not."""

# Patches hold tabs, and blanks on empty lines.
# ruff: noqa: E101, W293

from __future__ import annotations

from dataclasses import dataclass

import pytest

from kvmpatch.model import Change, Report
from kvmpatch.reports.show_patch import patch_report
from kvmpatch.sources.mailbox import read_patches

UNKNOWN = "unknown-context"


@dataclass(frozen=True)
class Case:
    """A patch, and the changes it must give: kind, what happened, name, basis, and in what respects."""

    what: str
    patch: str
    changes: tuple[str, ...]
    path: str = "arch/riscv/kvm/sample.c"
    warned: bool = False


def report_of(hunks: str, path: str = "arch/riscv/kvm/sample.c") -> Report:
    text = f"diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n{hunks.lstrip(chr(10))}"
    patches = read_patches(text.encode())
    assert len(patches) == 1
    assert patches[0].warnings == ()
    report = patch_report(patches[0], "-")
    assert "__unseen" not in repr(report)
    return report


def told(change: Change) -> str:
    aspects = ",".join(change.aspects)
    was = f" <- {change.before.name}" if change.before and change.before.name != change.name else ""
    return f"{change.kind} {change.change} {change.name}{was} {change.basis} {aspects}".rstrip()


CASES = (
    Case(
        "a function from the heading",
        """
@@ -40,5 +40,5 @@ static int sample_load(struct kvm_vcpu *vcpu)
 	int cpu = get_cpu();
 
-	first(cpu);
+	second(cpu);
 	put_cpu();
 	done(vcpu);
""",
        ("function modified sample_load hunk-header body",),
    ),
    Case(
        "a heading cut within the parameters",
        """
@@ -40,3 +40,3 @@ static int sample_update_everything_there_is(struct kvm_vcpu *vcpu, unsigned long
 	int cpu = get_cpu();
-	first(cpu);
+	second(cpu);
 	put_cpu();
""",
        ("function modified sample_update_everything_there_is hunk-header body",),
    ),
    Case(
        "a heading with the first of several lines of parameters",
        """
@@ -40,3 +40,3 @@ static int sample_set(struct kvm_vcpu *vcpu,
 	int cpu = get_cpu();
-	first(cpu);
+	second(cpu);
 	put_cpu();
""",
        ("function modified sample_set hunk-header body",),
    ),
    Case(
        "the hunk begins within the parameters",
        """
@@ -41,5 +41,5 @@ static int sample_set(struct kvm_vcpu *vcpu,
 		      unsigned long num,
-		      unsigned long val)
+		      unsigned int val)
 {
 	use(num, val);
 }
""",
        ("function modified sample_set hunk-header signature",),
    ),
    Case(
        "the hunk begins at the brace of the body",
        """
@@ -41,4 +41,5 @@ static void sample_reset(struct kvm_vcpu *vcpu)
 {
+	first(vcpu);
 	last(vcpu);
 }
 
""",
        ("function modified sample_reset hunk-header body",),
    ),
    Case(
        "the heading names the function before",
        """
@@ -50,6 +50,10 @@ static int sample_load(struct kvm_vcpu *vcpu)
 
 /* What follows is new. */
 
+static void sample_new(void)
+{
+}
+
 static int sample_put(struct kvm_vcpu *vcpu)
 {
 	put(vcpu);
""",
        ("function added sample_new parsed",),
    ),
    Case(
        "the end of a function stands above a new one",
        """
@@ -50,5 +50,9 @@ static int sample_load(struct kvm_vcpu *vcpu)
 	return 0;
 }
 
+static void sample_new(void)
+{
+}
+
 static int sample_put(struct kvm_vcpu *vcpu)
 {
""",
        ("function added sample_new parsed",),
    ),
    Case(
        "the hunk begins in a comment of the body",
        """
@@ -50,6 +50,6 @@ static int sample_load(struct kvm_vcpu *vcpu)
 	 * it's the second line, and the { of a comment
 	 * counts for nothing.
 	 */
-	first(vcpu);
+	second(vcpu);
 	return 0;
 }
""",
        ("function modified sample_load hunk-header body",),
    ),
    Case(
        "only a comment changes",
        """
@@ -50,3 +50,3 @@ static int sample_load(struct kvm_vcpu *vcpu)
 	 * The first line
-	 * and the old second,
+	 * and the new second,
 	 * of a long comment
""",
        (),
    ),
    Case(
        "a label at the margin, and one as heading",
        """
@@ -50,4 +50,4 @@ static int sample_load(struct kvm_vcpu *vcpu)
 	done(vcpu);
 out:
-	first(vcpu);
+	second(vcpu);
 	third(vcpu);
@@ -70,3 +70,3 @@ out:
 	fourth(vcpu);
-	fifth(vcpu);
+	sixth(vcpu);
 	return 0;
""",
        ("function modified sample_load hunk-header body",),
    ),
    Case(
        "a label above which nothing is known",
        """
@@ -70,3 +70,3 @@ out:
 	fourth(vcpu);
-	fifth(vcpu);
+	sixth(vcpu);
 	return 0;
""",
        (),
        warned=True,
    ),
    Case(
        "no heading at all, as diff -u writes",
        """
@@ -70,3 +70,3 @@
 	fourth(vcpu);
-	fifth(vcpu);
+	sixth(vcpu);
 	return 0;
""",
        (),
        warned=True,
    ),
    Case(
        "two hunks of one body are one change",
        """
@@ -40,3 +40,3 @@ static int sample_load(struct kvm_vcpu *vcpu)
 	int cpu = get_cpu();
-	first(cpu);
+	second(cpu);
 	if (cpu) {
@@ -60,5 +60,5 @@ static int sample_load(struct kvm_vcpu *vcpu)
 		inner(vcpu);
 	}
-	first(vcpu);
+	second(vcpu);
 	return 0;
 }
""",
        ("function modified sample_load hunk-header body",),
    ),
    Case(
        "the name changes, the body goes on below what is shown",
        """
@@ -40,6 +40,6 @@ static int sample_load(struct kvm_vcpu *vcpu)
 }
 
-int sample_hardware_enable(void)
+int sample_enable_cpu(void)
 {
 	int cpu;
 
@@ -80,4 +80,4 @@ int sample_hardware_enable(void)
 	first(cpu);
-	second(cpu);
+	third(cpu);
 	return 0;
 }
""",
        ("function renamed sample_enable_cpu <- sample_hardware_enable hunk-header name,body",),
    ),
    Case(
        "a function parts in two",
        """
@@ -40,5 +40,10 @@ static int sample_load(struct kvm_vcpu *vcpu)
 static void sample_all(struct kvm_vcpu *vcpu)
 {
 	first(vcpu);
+	sample_rest(vcpu);
+}
+
+static void sample_rest(struct kvm_vcpu *vcpu)
+{
 	second(vcpu);
 }
""",
        ("function modified sample_all parsed body", "function added sample_rest parsed"),
    ),
    Case(
        "a field between others",
        """
@@ -20,3 +20,4 @@ struct sample_config {
 	u64 henvcfg;
+	u64 hstateen0;
 	u64 hedeleg;
 	u64 hideleg;
""",
        ("struct modified sample_config hunk-header members",),
    ),
    Case(
        "a field of a nest that is not named in the hunk",
        """
@@ -20,3 +20,4 @@ struct sample_arch {
 		u64 one;
+		u64 two;
 		u64 three;
 		u64 four;
""",
        ("struct modified sample_arch hunk-header members",),
    ),
    Case(
        "a brace of a type on the next line",
        """
@@ -20,3 +20,4 @@ struct sample_config
 {
+	u64 hstateen0;
 	u64 hedeleg;
 	u64 hideleg;
""",
        ("struct modified sample_config hunk-header members",),
    ),
    Case(
        "constants before the end of an enumeration",
        """
@@ -20,4 +20,5 @@ enum SAMPLE_EXT_ID {
 	SAMPLE_EXT_A,
 	SAMPLE_EXT_B,
+	SAMPLE_EXT_C,
 	SAMPLE_EXT_MAX,
 };
""",
        ("enum modified SAMPLE_EXT_ID hunk-header members",),
    ),
    Case(
        "entries of a table, begun within one of them",
        """
@@ -20,6 +20,10 @@ static const struct sample_entry sample_ext[] = {
 		.ptr = &sample_a,
 	},
 	{
+		.idx = SAMPLE_EXT_C,
+		.ptr = &sample_c,
+	},
+	{
 		.idx = SAMPLE_EXT_B,
 		.ptr = &sample_b,
 	},
""",
        ("variable modified sample_ext hunk-header members",),
    ),
    Case(
        "a type and the table behind it: the heading names the type",
        """
@@ -20,3 +20,4 @@ static struct sample_key {
     KEY('a', first),
+    KEY('b', second),
     KEY('c', third),
     KEY('d', fourth),
""",
        (),
        warned=True,
    ),
    Case(
        "a switch that is not shown",
        """
@@ -20,6 +20,8 @@ static int sample_get(struct kvm_vcpu *vcpu, int num)
 		break;
 	case 1:
 		one(vcpu);
+		two(vcpu);
 		break;
+	case 2:
 	default:
 		return -ENOENT;
""",
        ("function modified sample_get hunk-header body",),
    ),
    Case(
        "the else of an if that is not shown",
        """
@@ -20,5 +20,6 @@ static int sample_get(struct kvm_vcpu *vcpu, int num)
 		one(vcpu);
 	} else {
+		two(vcpu);
 		three(vcpu);
 	}
 }
""",
        ("function modified sample_get hunk-header body",),
    ),
    Case(
        "a macro whose name is not shown",
        r"""
@@ -20,4 +20,4 @@ static int sample_get(struct kvm_vcpu *vcpu, int num)
 	do {				\
-		one(vcpu);		\
+		two(vcpu);		\
 		three(vcpu);		\
 	} while (0)
""",
        (),
        warned=True,
    ),
    Case(
        "a macro under a heading that was closed",
        """
@@ -10,5 +10,6 @@
 struct sample_slot {
+	u64 flags;
 };
 
 #define SAMPLE_FIRST 1
 #define SAMPLE_SECOND 2
@@ -30,3 +31,4 @@ struct sample_slot {
 	(SAMPLE_BASE | ((r) & 0xffff))
 #define SAMPLE_A 1
+#define SAMPLE_B 2
 #define SAMPLE_C 3
""",
        ("struct modified sample_slot parsed members", "macro added SAMPLE_B parsed"),
    ),
    Case(
        "statements under a heading that was closed",
        """
@@ -10,4 +10,5 @@
 struct sample_slot {
+	u64 flags;
 };
 
 #define SAMPLE_FIRST 1
@@ -30,3 +31,3 @@ struct sample_slot {
 	first(vcpu);
-	u64 one;
+	u64 two;
 	second(vcpu);
""",
        ("struct modified sample_slot parsed members",),
        warned=True,
    ),
    Case(
        "definitions alone, while a function is open",
        """
@@ -10,3 +10,4 @@ static int sample_get(struct kvm_vcpu *vcpu, int num)
 {
 	first(vcpu);
+	second(vcpu);
 	third(vcpu);
@@ -30,2 +31,3 @@ static int sample_get(struct kvm_vcpu *vcpu, int num)
 #define SAMPLE_A 1
+#define SAMPLE_B 2
 #define SAMPLE_C 3
""",
        ("function modified sample_get hunk-header body", "macro added SAMPLE_B parsed"),
    ),
    Case(
        "an #ifdef around a function that goes on below is no change of it",
        """
@@ -10,5 +10,6 @@ static int sample_first(struct kvm_vcpu *vcpu)
 }
 
+#ifdef CONFIG_SAMPLE
 static int sample_get(struct kvm_vcpu *vcpu, int num)
 {
 	int one;
@@ -40,3 +41,4 @@ static int sample_get(struct kvm_vcpu *vcpu, int num)
 	return one;
 }
+#endif
 
""",
        (),
    ),
    Case(
        "an #endif behind a function that begins in the hunk's heading",
        """
@@ -10,4 +10,5 @@ static int sample_first(struct kvm_vcpu *vcpu)
 }
 
+#ifdef CONFIG_SAMPLE
 static int sample_get(struct kvm_vcpu *vcpu)
 {
@@ -40,5 +41,6 @@ static int sample_put(struct kvm_vcpu *vcpu)
 {
 	put(vcpu);
 }
+#endif
 
 static int sample_last(struct kvm_vcpu *vcpu)
""",
        (),
    ),
    Case(
        "branches that are not shown whole hide nothing",
        """
@@ -10,3 +10,2 @@ void sample_first(struct kvm_vcpu *vcpu);
 #else
-#define SAMPLE_A 1
 static inline int sample_get(void)
 {
""",
        ("macro removed SAMPLE_A parsed",),
    ),
    Case(
        "a prototype that was begun above the hunk",
        """
@@ -10,4 +10,6 @@ int sample_first(struct kvm_vcpu *vcpu,
 		 unsigned long num,
 		 unsigned long val);
 
+int sample_second(struct kvm_vcpu *vcpu,
+		  unsigned long num);
 
""",
        (),
        path="arch/riscv/include/asm/sample.h",
    ),
    Case(
        "a trace event is no function",
        """
@@ -10,3 +10,4 @@ TRACE_EVENT(sample_entry,
 	TP_STRUCT__entry(
+		__field(u64, one)
 		__field(u64, two)
 	),
""",
        (),
        path="arch/riscv/kvm/trace.h",
        warned=True,
    ),
    Case(
        "no context: the heading alone says where",
        """
@@ -40 +40 @@ static int sample_load(struct kvm_vcpu *vcpu)
-	first(cpu);
+	second(cpu);
@@ -50,0 +51 @@ static int sample_load(struct kvm_vcpu *vcpu)
+	third(cpu);
@@ -60 +60,0 @@ struct sample_config {
-	u64 gone;
@@ -70,0 +71 @@ struct sample_config {
+#define SAMPLE_NEW 1
""",
        (
            "function modified sample_load hunk-header body",
            "struct modified sample_config hunk-header members",
            "macro added SAMPLE_NEW parsed",
        ),
    ),
    Case(
        "no context: the header of a function, its body unseen",
        """
@@ -40 +40 @@ int sample_first(void)
-int sample_load(struct kvm_vcpu *vcpu)
+int sample_load(struct kvm_vcpu *vcpu, int cpu)
""",
        ("function modified sample_load hunk-header signature",),
    ),
    Case(
        "the first lines of a file",
        """
@@ -1,3 +1,4 @@
 // SPDX-License-Identifier: GPL-2.0
+#define SAMPLE_NEW 1
 #include <linux/kvm.h>
 #include <asm/csr.h>
""",
        ("macro added SAMPLE_NEW parsed",),
    ),
    Case(
        "carriage returns",
        """
@@ -40,3 +40,3 @@ static int sample_load(struct kvm_vcpu *vcpu)\r
 	int cpu = get_cpu();\r
-	first(cpu);\r
+	second(cpu);\r
 }\r
""",
        ("function modified sample_load hunk-header body",),
    ),
    Case(
        "white space alone",
        """
@@ -40,3 +40,3 @@ static int sample_load(struct kvm_vcpu *vcpu)
 	int cpu = get_cpu();
-	first(cpu,1);
+	first(cpu, 1);
 }
""",
        (),
    ),
    Case(
        "a Kconfig symbol from the heading",
        """
@@ -20,3 +20,4 @@ config KVM
 	select HAVE_KVM_EVENTFD
+	select KVM_SAMPLE
 	help
 	  Support hosting virtual machines.
""",
        ("kconfig modified KVM hunk-header members",),
        path="arch/riscv/kvm/Kconfig",
    ),
    Case(
        "a help text that speaks of defaults",
        """
@@ -30,3 +30,3 @@ config KVM
 	  Support hosting virtual machines. The
-	  default is to say no to it,
+	  default is to say yes to it,
 	  if unsure.
""",
        ("kconfig modified KVM hunk-header members",),
        path="arch/riscv/kvm/Kconfig",
    ),
    Case(
        "an asm symbol from the heading",
        """
@@ -30,4 +30,3 @@ SYM_FUNC_START(__sample_switch_to)
 	csrrw	t0, CSR_SSTATUS, t0
-	csrrw	t1, CSR_SCOUNTEREN, t1
 	REG_S	t0, 0(a0)
 	ret
""",
        ("asm-symbol modified __sample_switch_to hunk-header body",),
        path="arch/riscv/kvm/sample_switch.S",
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.what)
def test_a_patch_gives_what_its_hunks_show(case: Case) -> None:
    report = report_of(case.patch, case.path)
    assert sorted(map(told, report.changes)) == sorted(case.changes)
    assert (UNKNOWN in {warning.code for warning in report.warnings}) == case.warned


def only(report: Report) -> Change:
    assert len(report.changes) == 1
    return report.changes[0]


def test_what_is_enclosed_by_a_heading_has_neither_lines_nor_places() -> None:
    change = only(report_of(next(case.patch for case in CASES if case.what == "a field between others")))
    assert change.lines is None
    assert change.before is not None
    assert change.before.lines is None
    assert change.similarity is None
    assert [(m.name, m.type, m.position, m.of) for m in change.members] == [("hstateen0", "u64", None, None)]


def test_what_stands_whole_in_a_hunk_has_them() -> None:
    report = report_of(
        """
@@ -30,6 +30,7 @@ struct sample_slot {
 
 struct sample_pair {
 	u32 one;
+	u32 two;
 };
 
 struct sample_more {
"""
    )
    change = only(report)
    assert change.name == "sample_pair"
    assert change.lines == (31, 34)
    assert change.before is not None
    assert change.before.lines == (31, 33)
    assert [(m.name, m.position, m.of) for m in change.members] == [("two", 2, 2)]


def test_a_field_of_a_nest_without_known_name_is_not_named() -> None:
    case = next(case for case in CASES if case.what == "a field of a nest that is not named in the hunk")
    assert only(report_of(case.patch)).members == ()


def test_a_signature_is_told_only_where_all_of_it_is_shown() -> None:
    whole = only(report_of(next(case.patch for case in CASES if case.what == "a function from the heading")))
    assert whole.signature == "static int sample_load(struct kvm_vcpu *vcpu)"
    for what in (
        "a heading cut within the parameters",
        "a heading with the first of several lines of parameters",
        "the hunk begins within the parameters",
    ):
        assert only(report_of(next(case.patch for case in CASES if case.what == what))).signature is None


def test_constants_are_counted_only_from_one_that_is_shown() -> None:
    unknown = only(report_of(next(case.patch for case in CASES if case.what.startswith("constants before"))))
    assert [(m.change.value, m.name, m.value) for m in unknown.members] == [("added", "SAMPLE_EXT_C", None)]
    counted = only(
        report_of(
            """
@@ -20,4 +20,5 @@ enum SAMPLE_EXT_ID {
 	SAMPLE_EXT_A,
 	SAMPLE_EXT_B = 7,
+	SAMPLE_EXT_C,
 	SAMPLE_EXT_MAX = 100,
 };
"""
        )
    )
    assert [(m.name, m.value) for m in counted.members] == [("SAMPLE_EXT_C", "8")]


def test_an_entry_of_a_table_that_is_not_shown_whole_has_no_index() -> None:
    change = only(
        report_of(
            """
@@ -20,3 +20,4 @@ static const unsigned long sample_arr[] = {
 	SAMPLE_A,
+	SAMPLE_B,
 	SAMPLE_C,
 	SAMPLE_D,
"""
        )
    )
    assert [(m.name, m.value, m.position) for m in change.members] == [("?", "SAMPLE_B", None)]


def test_the_guards_that_are_shown_are_told_and_no_others() -> None:
    report = report_of(
        """
@@ -40,7 +40,9 @@ static void sample_load(struct kvm_vcpu *vcpu)
 			break;
 		if (riscv_has_extension_unlikely(RISCV_ISA_EXT_SMSTATEEN)) {
 			first(vcpu);
+			csr_write(CSR_HSTATEEN0, cfg->hstateen0);
 		}
+		csr_write(CSR_HENVCFG, cfg->henvcfg);
 	}
 	last(vcpu);
 }
"""
    )
    assert [(a.csr, a.function, a.line, a.value, [g.text for g in a.guards]) for a in report.csr_accesses] == [
        ("hstateen0", "sample_load", 43, "cfg->hstateen0", ["riscv_has_extension_unlikely(RISCV_ISA_EXT_SMSTATEEN)"]),
        ("henvcfg", "sample_load", 45, "cfg->henvcfg", []),
    ]
    assert [warning.code for warning in report.warnings] == ["guards-in-part"]


def test_a_case_label_of_an_unseen_switch_is_no_guard_and_leads_to_no_other_case() -> None:
    report = report_of(
        """
@@ -40,7 +40,8 @@ static void sample_load(struct kvm_vcpu *vcpu, int what)
 		break;
 		if (!riscv_isa_extension_available(NULL, SSTC))
 			return;
 		first(vcpu);
 		break;
 	case 2:
+		csr_write(CSR_HENVCFG, 0);
 		break;
 	default:
"""
    )
    assert [(a.csr, a.guards) for a in report.csr_accesses] == [("henvcfg", ())]


def test_an_access_in_a_function_that_is_not_named_has_no_function() -> None:
    report = report_of(
        """
@@ -40,3 +40,4 @@ out:
 	first(vcpu);
+	csr_write(CSR_HENVCFG, 0);
 	last(vcpu);
 }
"""
    )
    assert [(a.csr, a.function, a.line) for a in report.csr_accesses] == [("henvcfg", None, 41)]
    assert {warning.code for warning in report.warnings} == {UNKNOWN, "guards-in-part"}


def test_the_rest_of_a_call_does_not_tell_what_is_done_with_a_bit() -> None:
    report = report_of(
        """
@@ -40,3 +40,3 @@ static void sample_load(struct kvm_vcpu *vcpu)
-		  ENVCFG_STCE);
+		  ENVCFG_STCE | ENVCFG_PBMTE);
 	last(vcpu);
 }
"""
    )
    assert report.bits == ()
    assert [told(change) for change in report.changes] == ["function modified sample_load hunk-header body"]


def test_assembly_keeps_the_lines_of_the_file() -> None:
    case = next(case for case in CASES if case.what == "an asm symbol from the heading")
    report = report_of(case.patch, case.path)
    assert [(a.csr, a.operation, a.change.value, a.function, a.line, a.side) for a in report.csr_accesses] == [
        ("scounteren", "swap", "removed", "__sample_switch_to", 31, "before")
    ]


NEW = """diff --git a/virt/kvm/new.c b/virt/kvm/new.c
new file mode 100644
index 000000000000..1111111111111
--- /dev/null
+++ b/virt/kvm/new.c
@@ -0,0 +1,4 @@
+int sample_new(void)
+{
+	return 0;
+}
diff --git a/virt/kvm/old.c b/virt/kvm/old.c
deleted file mode 100644
index 2222222222222..000000000000
--- a/virt/kvm/old.c
+++ /dev/null
@@ -1,4 +0,0 @@
-int sample_old(struct kvm *kvm)
-{
-	return destroy(kvm, kvm->slots);
-}
diff --git a/virt/kvm/here.c b/virt/kvm/there.c
similarity index 98%
rename from virt/kvm/here.c
rename to virt/kvm/there.c
index 3333333333333..4444444444444 100644
--- a/virt/kvm/here.c
+++ b/virt/kvm/there.c
@@ -40,3 +40,3 @@ int sample_moved(struct kvm *kvm)
 	int cpu = get_cpu();
-	first(cpu);
+	second(cpu);
 	put_cpu();
"""


def test_new_deleted_and_renamed_files() -> None:
    report = patch_report(read_patches(NEW.encode())[0], "-")
    assert [(told(change), change.path, change.lines) for change in report.changes] == [
        ("function added sample_new parsed", "virt/kvm/new.c", (1, 4)),
        ("function removed sample_old parsed", "virt/kvm/old.c", (1, 4)),
        ("function modified sample_moved hunk-header path,body", "virt/kvm/there.c", None),
    ]
