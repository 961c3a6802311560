// Own transcendental functions: libm's bits differ between machines and versions. Built from
// + - * /, tables computed in integers and exact scaling. Tested against libm in extended
// precision: log and exp are within 1 ulp, pow within 2 + |y log x| / 12 ulp, normal_cdf within
// 5e-14 of its value, tails included.
#pragma once

namespace stampede::math {

double log(double x);            // x > 0
double exp(double x);            // overflows to infinity, underflows to 0
double pow(double x, double y);  // x > 0
double normal_cdf(double x);

}  // namespace stampede::math
