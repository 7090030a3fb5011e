// Central moments of a stream, one value at a time and by merging: mean and sums of powers of the
// differences from it.
//
// Updates and merges are those of Pebay (Sandia report SAND2008-6212, 2008, eq. 1.1 to 1.6 and
// 2.1); they never subtract large sums from each other, so values around 1e12 keep their spread.
//
// Thread contract: plain values of 8-byte members.
// Cost: one division a value; Moments4 about 20 multiplications beside it.
//
//   Moments2 m;  m.add(x);  double variance = m.m2 / (m.count - 1);
#pragma once

namespace headrace::ops {

struct Moments2 {
  double count = 0;
  double mean = 0;
  double m2 = 0;

  void add(double x) noexcept {
    count += 1;
    const double delta = x - mean;
    mean += delta / count;
    m2 += delta * (x - mean);
  }
  void add(const Moments2& b) noexcept {
    if (b.count == 0) return;
    if (count == 0) {
      *this = b;
      return;
    }
    const double n = count + b.count;
    const double delta = b.mean - mean;
    mean += delta * (b.count / n);
    m2 += b.m2 + delta * delta * (count * b.count / n);
    count = n;
  }
};

struct Moments4 {
  double count = 0;
  double mean = 0;
  double m2 = 0;
  double m3 = 0;
  double m4 = 0;

  void add(double x) noexcept {
    const double before = count;
    count += 1;
    const double delta = x - mean;
    const double step = delta / count;
    const double step2 = step * step;
    const double term = delta * step * before;
    mean += step;
    m4 += term * step2 * (count * count - 3 * count + 3) + 6 * step2 * m2 - 4 * step * m3;
    m3 += term * step * (count - 2) - 3 * step * m2;
    m2 += term;
  }
  void add(const Moments4& b) noexcept {
    if (b.count == 0) return;
    if (count == 0) {
      *this = b;
      return;
    }
    const Moments4 a = *this;
    const double n = a.count + b.count;
    const double delta = b.mean - a.mean;
    const double step = delta / n;
    const double product = a.count * b.count;
    mean = a.mean + step * b.count;
    m2 = a.m2 + b.m2 + delta * step * product;
    m3 = a.m3 + b.m3 + delta * step * step * product * (a.count - b.count) +
         3 * step * (a.count * b.m2 - b.count * a.m2);
    m4 = a.m4 + b.m4 +
         delta * step * step * step * product * (a.count * a.count - product + b.count * b.count) +
         6 * step * step * (a.count * a.count * b.m2 + b.count * b.count * a.m2) +
         4 * step * (a.count * b.m3 - b.count * a.m3);
    count = n;
  }
};

// Sums of two variables' differences from their means, and of their products.
struct CoMoments {
  double count = 0;
  double mean_x = 0;
  double mean_y = 0;
  double xx = 0;
  double yy = 0;
  double xy = 0;

  void add(double x, double y) noexcept {
    count += 1;
    const double dx = x - mean_x;
    const double dy = y - mean_y;
    mean_x += dx / count;
    mean_y += dy / count;
    xx += dx * (x - mean_x);
    yy += dy * (y - mean_y);
    xy += dx * (y - mean_y);
  }
  void add(const CoMoments& b) noexcept {
    if (b.count == 0) return;
    if (count == 0) {
      *this = b;
      return;
    }
    const double n = count + b.count;
    const double dx = b.mean_x - mean_x;
    const double dy = b.mean_y - mean_y;
    const double weight = count * b.count / n;
    mean_x += dx * (b.count / n);
    mean_y += dy * (b.count / n);
    xx += b.xx + dx * dx * weight;
    yy += b.yy + dy * dy * weight;
    xy += b.xy + dx * dy * weight;
    count = n;
  }
};

}  // namespace headrace::ops
