// Own transcendental functions: libm's bits differ between machines and versions. Built from
// + - * / and exact scaling only; relative error below 4e-16 times a few ulp (tested against libm).
#pragma once

namespace stampede::math {

double log(double x);            // x > 0
double exp(double x);            // overflows to infinity, underflows to 0
double pow(double x, double y);  // x > 0
double normal_cdf(double x);

}  // namespace stampede::math
