#include "engine/source/simd.h"
#include <stdatomic.h>

static atomic_bool portable;

bool rc_simd_wide(void)
{
#ifdef RC_HAVE_AVX2
	return !atomic_load_explicit(&portable, memory_order_relaxed) && __builtin_cpu_supports("avx2") &&
	       __builtin_cpu_supports("bmi") && __builtin_cpu_supports("popcnt");
#else
	return false;
#endif
}

void rc_simd_force_portable(bool on)
{
	atomic_store(&portable, on);
}
