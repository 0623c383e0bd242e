"""Words of kernel C that are not part of the C grammar. One word upsets a parser: one word is added here."""

from __future__ import annotations

import re
from collections.abc import Iterator

# Attribute words that stand alone.
PLAIN_ATTRIBUTES = frozenset(
    """
    ____cacheline_aligned ____cacheline_aligned_in_smp ____cacheline_internodealigned_in_smp __always_inline
    __always_inline__ __always_unused __attribute_const__ __bitwise __bss_decrypted __cacheline_aligned
    __cacheline_aligned_in_smp __cfi __cold __const__ __cpuidle __cpuinit __data_decrypted __deprecated
    __deprecated_for_modules __designated_init __devexit __devinit __devinitdata __efi_runtime __entry_text __exit
    __exitdata __force __hot __hwdom_init __hwdom_initdata __ibt_noseal __init __init_memblock __init_or_module
    __init_or_suspend __initconst __initdata __initdata_or_meminfo __initdata_or_module __inline __inline__ __iomem
    __irq_entry __kernel __kprobes __kvm_nvhe __latent_entropy __lockfunc __malloc __maybe_unused __meminit
    __meminitconst __meminitdata __ms_abi __must_check __naked __net_exit __net_init __net_initdata __nmi_noinstr
    __no_caller_saved_registers __no_kasan_or_inline __no_kcsan __no_kmsan_checks __no_profile __no_randomize_layout
    __no_sanitize_address __no_sanitize_memory __no_sanitize_or_inline __no_sanitize_undefined __no_stack_protector
    __no_unroll_loops __nocast __noclone __noendbr __noinline __nonstring __noreturn __nostackprotector __nvhe
    __packed __page_aligned_bss __page_aligned_data __percpu __private __pure __randomize_layout __rcu __read_mostly
    __ref __refconst __refdata __restrict __restrict__ __ro_after_init __safe __sched __signed__ __softirq_entry
    __sysv_abi __used __user __vdso __visible __volatile__ __weak always_inline asmlinkage cf_check
    init_or_livepatch init_or_livepatch_const inline noinline noinline_for_stack noinline_for_tracing noinstr
    nokprobe_inline noreturn notrace restrict
    """.split()
)

# Attribute words that take arguments.
CALLED_ATTRIBUTES = frozenset(
    """
    __attribute__ __attribute __aligned __section __printf __scanf __must_hold __acquires __releases __acquire_shared
    __cond_acquires __cond_lock __no_context_analysis __counted_by __counted_by_le __counted_by_be __alias
    __assume_aligned __alloc_size __diagnose_as __diagnose_as_builtin __errordecl __warning __error __nonnull
    __returns_nonnull __format __format_arg __copy __mode __cleanup __free __noscs __target __optimize
    __guarded_by __pt_guarded_by __rcu_guarded __must_hold_shared __releases_shared __DECONST _Alignas alignas
    __declspec __section__ __visibility__ __no_sanitize __no_sanitize__ __bos0
    """.split()
)

# Words that say how a thing is linked, not what it is.
LINKAGE = frozenset(
    """
    static extern inline __inline __inline__ __always_inline always_inline noinline noinline_for_stack __weak
    asmlinkage __visible _Thread_local register auto
    """.split()
)

# Field and variable macros of the kernel: macro -> which argument is the name, which is the type (None: fixed).
NAME_ARGUMENT: dict[str, int] = {
    "DECLARE_BITMAP": 0,
    "DECLARE_HASHTABLE": 0,
    "DEFINE_HASHTABLE": 0,
    "DEFINE_READ_MOSTLY_HASHTABLE": 0,
    "DECLARE_FLEX_ARRAY": 1,
    "__DECLARE_FLEX_ARRAY": 1,
    "DECLARE_KFIFO": 0,
    "DECLARE_KFIFO_PTR": 0,
    "DECLARE_PER_CPU": 1,
    "DEFINE_PER_CPU": 1,
    "DEFINE_PER_CPU_READ_MOSTLY": 1,
    "DEFINE_PER_CPU_ALIGNED": 1,
    "DEFINE_PER_CPU_SHARED_ALIGNED": 1,
    "DEFINE_PER_CPU_PAGE_ALIGNED": 1,
    "DEFINE_PER_CPU_DECRYPTED": 1,
    "DEFINE_PER_CPU_FIRST": 1,
    "DEFINE_STATIC_KEY_FALSE": 0,
    "DEFINE_STATIC_KEY_TRUE": 0,
    "DEFINE_STATIC_KEY_FALSE_RO": 0,
    "DEFINE_STATIC_KEY_TRUE_RO": 0,
    "DEFINE_STATIC_KEY_DEFERRED_FALSE": 0,
    "DEFINE_STATIC_KEY_DEFERRED_TRUE": 0,
    "DEFINE_MUTEX": 0,
    "DEFINE_SPINLOCK": 0,
    "DEFINE_RAW_SPINLOCK": 0,
    "DEFINE_RWLOCK": 0,
    "DEFINE_SEMAPHORE": 0,
    "DEFINE_SEQLOCK": 0,
    "DEFINE_IDA": 0,
    "DEFINE_IDR": 0,
    "DEFINE_XARRAY": 0,
    "DEFINE_STATIC_SRCU": 0,
    "DEFINE_SRCU": 0,
    "DECLARE_WAIT_QUEUE_HEAD": 0,
    "DECLARE_COMPLETION": 0,
    "DECLARE_RWSEM": 0,
    "DECLARE_WORK": 0,
    "LIST_HEAD": 0,
    "HLIST_HEAD": 0,
}

TYPE_WORDS = frozenset(
    """
    void char short int long float double signed unsigned bool _Bool struct union enum const volatile __signed__
    """.split()
)

# Nearly all of them begin with two underscores. Those are looked up when met: a pattern with a hundred and sixty words
# took two of the three milliseconds that all of this room's patterns take to compile.
_OTHERS = "|".join(sorted(word for word in PLAIN_ATTRIBUTES | CALLED_ATTRIBUTES if not word.startswith("__")))
_MAY_BE_ATTRIBUTE = re.compile(rf"\b(?:__\w+|{_OTHERS})\b(?=(?P<called>\s*\()?)".encode())
_PLAIN = frozenset(word.encode() for word in PLAIN_ATTRIBUTES)
_CALLED = frozenset(word.encode() for word in CALLED_ATTRIBUTES)


def attributes_in(data: bytes) -> Iterator[tuple[int, int, bool]]:
    """The attribute words in a text: where each begins and ends, and whether arguments follow that belong to it."""
    for match in _MAY_BE_ATTRIBUTE.finditer(data):
        word = match[0]
        called = match["called"] is not None and word in _CALLED
        if called or word in _PLAIN:
            yield match.start(), match.end(), called
