/* math.c - functions of one number. */
#include "promql/call.h"

#define PI 3.14159265358979323846

static double sign_of(double x)
{
    return x > 0 ? 1 : x < 0 ? -1 : x;
}

static double degrees(double x)
{
    return x * 180 / PI;
}

static double radians(double x)
{
    return x * PI / 180;
}

void math_apply(enum function_id id, double *values, size_t n)
{
    static double (*const functions[])(double) = {
        [FUNCTION_ABS] = fabs,    [FUNCTION_CEIL] = ceil,   [FUNCTION_FLOOR] = floor,
        [FUNCTION_EXP] = exp,     [FUNCTION_SQRT] = sqrt,   [FUNCTION_LN] = log,
        [FUNCTION_LOG2] = log2,   [FUNCTION_LOG10] = log10, [FUNCTION_SGN] = sign_of,
        [FUNCTION_SIN] = sin,     [FUNCTION_COS] = cos,     [FUNCTION_TAN] = tan,
        [FUNCTION_ASIN] = asin,   [FUNCTION_ACOS] = acos,   [FUNCTION_ATAN] = atan,
        [FUNCTION_SINH] = sinh,   [FUNCTION_COSH] = cosh,   [FUNCTION_TANH] = tanh,
        [FUNCTION_ASINH] = asinh, [FUNCTION_ACOSH] = acosh, [FUNCTION_ATANH] = atanh,
        [FUNCTION_DEG] = degrees, [FUNCTION_RAD] = radians,
    };

    for (size_t i = 0; i < n; i++)
        if (!is_absent(values[i]))
            values[i] = functions[id](values[i]);
}
