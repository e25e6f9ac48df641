;; What a Transformer spends its time in, written by hand, four numbers at a time: one product, one curve, one sharing out.
;;
;; product:   y[t, o] = bias[o] + sum over k of x[t, k] * w[o, k]
;;
;; x is (rows, inner), w is (outer, inner), as PyTorch stores a Linear, and y is (rows, outer); all float32.
;; `inner` and `outer` are multiples of 4, `rows` is any number from 1. A stride is the distance from one row to
;; the next, so that a product can also read the columns of one head out of a wider matrix.
;; x, w, bias and y are addresses in bytes; sizes and strides count floats.
;;
;; gelu:      x[i] = x[i] / (1 + e^z),  z = -2 √(2/π) (x[i] + 0.044715 x[i]³)      `count` is a multiple of 4
;;
;; softmax:   x[i] = e^(scale x[i]) / sum over j of e^(scale x[j])     of the first `count`; up to the next multiple of 4, zeros
;;
;; kernel.js carries the bytes that this file becomes; a test assembles it again and compares.
(module
  (memory (export "memory") 1)
  (func (export "product")
    (param $x i32) (param $w i32) (param $bias i32) (param $y i32)
    (param $rows i32) (param $inner i32) (param $outer i32)
    (param $xStride i32) (param $wStride i32) (param $yStride i32)
    (local $t i32) (local $o i32) (local $end i32)
    (local $row0 i32) (local $row1 i32) (local $y0 i32) (local $y1 i32)         ;; where two rows of x and y begin
    (local $x0 i32) (local $x1 i32)                                            ;; where we read in them
    (local $w0 i32) (local $w1 i32) (local $w2 i32) (local $w3 i32)            ;; and in four rows of w
    (local $u v128) (local $v0 v128) (local $v1 v128) (local $v2 v128) (local $v3 v128)
    (local $s00 v128) (local $s01 v128) (local $s02 v128) (local $s03 v128)    ;; $s02: row 0 of x times row 2 of w
    (local $s10 v128) (local $s11 v128) (local $s12 v128) (local $s13 v128)

    (local.set $inner   (i32.shl (local.get $inner)   (i32.const 2)))          ;; floats -> bytes
    (local.set $xStride (i32.shl (local.get $xStride) (i32.const 2)))
    (local.set $wStride (i32.shl (local.get $wStride) (i32.const 2)))
    (local.set $yStride (i32.shl (local.get $yStride) (i32.const 2)))

    (loop $columns                              ;; four rows of w stay in the cache while all of x passes by
      (local.set $t (i32.const 0))
      (local.set $row0 (local.get $x))
      (local.set $y0 (local.get $y))

      (loop $pairs                              ;; two rows of x at a time; an odd last row is done twice
        (local.set $row1 (local.get $row0))
        (local.set $y1 (local.get $y0))
        (if (i32.lt_u (i32.add (local.get $t) (i32.const 1)) (local.get $rows)) (then
          (local.set $row1 (i32.add (local.get $row0) (local.get $xStride)))
          (local.set $y1 (i32.add (local.get $y0) (local.get $yStride)))))

        (local.set $x0 (local.get $row0))
        (local.set $x1 (local.get $row1))
        (local.set $w0 (local.get $w))
        (local.set $w1 (i32.add (local.get $w0) (local.get $wStride)))
        (local.set $w2 (i32.add (local.get $w1) (local.get $wStride)))
        (local.set $w3 (i32.add (local.get $w2) (local.get $wStride)))
        (local.set $end (i32.add (local.get $w0) (local.get $inner)))
        (local.set $s00 (v128.const f32x4 0 0 0 0)) (local.set $s01 (local.get $s00))
        (local.set $s02 (local.get $s00)) (local.set $s03 (local.get $s00))
        (local.set $s10 (local.get $s00)) (local.set $s11 (local.get $s00))
        (local.set $s12 (local.get $s00)) (local.set $s13 (local.get $s00))

        (loop $next                             ;; six loads feed eight multiplications: it is not the loads we wait for
          (local.set $v0 (v128.load (local.get $w0)))
          (local.set $v1 (v128.load (local.get $w1)))
          (local.set $v2 (v128.load (local.get $w2)))
          (local.set $v3 (v128.load (local.get $w3)))
          (local.set $u (v128.load (local.get $x0)))
          (local.set $s00 (f32x4.add (local.get $s00) (f32x4.mul (local.get $u) (local.get $v0))))
          (local.set $s01 (f32x4.add (local.get $s01) (f32x4.mul (local.get $u) (local.get $v1))))
          (local.set $s02 (f32x4.add (local.get $s02) (f32x4.mul (local.get $u) (local.get $v2))))
          (local.set $s03 (f32x4.add (local.get $s03) (f32x4.mul (local.get $u) (local.get $v3))))
          (local.set $u (v128.load (local.get $x1)))
          (local.set $s10 (f32x4.add (local.get $s10) (f32x4.mul (local.get $u) (local.get $v0))))
          (local.set $s11 (f32x4.add (local.get $s11) (f32x4.mul (local.get $u) (local.get $v1))))
          (local.set $s12 (f32x4.add (local.get $s12) (f32x4.mul (local.get $u) (local.get $v2))))
          (local.set $s13 (f32x4.add (local.get $s13) (f32x4.mul (local.get $u) (local.get $v3))))
          (local.set $x0 (i32.add (local.get $x0) (i32.const 16)))
          (local.set $x1 (i32.add (local.get $x1) (i32.const 16)))
          (local.set $w1 (i32.add (local.get $w1) (i32.const 16)))
          (local.set $w2 (i32.add (local.get $w2) (i32.const 16)))
          (local.set $w3 (i32.add (local.get $w3) (i32.const 16)))
          (br_if $next (i32.lt_u (local.tee $w0 (i32.add (local.get $w0) (i32.const 16))) (local.get $end))))

        (v128.store (local.get $y0) (f32x4.add (v128.load (local.get $bias))
          (call $sums (local.get $s00) (local.get $s01) (local.get $s02) (local.get $s03))))
        (v128.store (local.get $y1) (f32x4.add (v128.load (local.get $bias))
          (call $sums (local.get $s10) (local.get $s11) (local.get $s12) (local.get $s13))))

        (local.set $row0 (i32.add (local.get $row1) (local.get $xStride)))
        (local.set $y0 (i32.add (local.get $y1) (local.get $yStride)))
        (br_if $pairs (i32.lt_u (local.tee $t (i32.add (local.get $t) (i32.const 2))) (local.get $rows))))

      (local.set $w (i32.add (local.get $w) (i32.shl (local.get $wStride) (i32.const 2))))
      (local.set $bias (i32.add (local.get $bias) (i32.const 16)))
      (local.set $y (i32.add (local.get $y) (i32.const 16)))
      (br_if $columns (i32.lt_u (local.tee $o (i32.add (local.get $o) (i32.const 4))) (local.get $outer)))))

  ;; [sum of a, sum of b, sum of c, sum of d], each (1st + 3rd) + (2nd + 4th)
  (func $sums (param $a v128) (param $b v128) (param $c v128) (param $d v128) (result v128)
    (local $ab v128) (local $cd v128)
    (local.set $ab (f32x4.add                                                  ;; a1+a3 b1+b3 a2+a4 b2+b4
      (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $a) (local.get $b))
      (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $a) (local.get $b))))
    (local.set $cd (f32x4.add
      (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $c) (local.get $d))
      (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $c) (local.get $d))))
    (f32x4.add
      (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $ab) (local.get $cd))
      (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $ab) (local.get $cd))))

  (func (export "gelu") (param $x i32) (param $count i32)
    (local $end i32) (local $v v128) (local $z v128)
    (local.set $end (i32.add (local.get $x) (i32.shl (local.get $count) (i32.const 2))))
    (loop $next
      (local.set $v (v128.load (local.get $x)))
      (local.set $z (f32x4.mul (local.get $v) (f32x4.add (f32x4.splat (f32.const -1.5957691216))           ;; -2 √(2/π)
        (f32x4.mul (f32x4.splat (f32.const -0.0713548163)) (f32x4.mul (local.get $v) (local.get $v))))))   ;; times 0.044715
      (v128.store (local.get $x)
        (f32x4.div (local.get $v) (f32x4.add (f32x4.splat (f32.const 1)) (call $exp (local.get $z)))))
      (br_if $next (i32.lt_u (local.tee $x (i32.add (local.get $x) (i32.const 16))) (local.get $end)))))

  (func (export "softmax") (param $x i32) (param $count i32) (param $scale f32)
    (local $at i32) (local $end i32) (local $places v128) (local $v v128) (local $most v128) (local $sum v128)
    (local.set $end (i32.add (local.get $x) (i32.shl (i32.and (i32.add (local.get $count) (i32.const 3)) (i32.const -4)) (i32.const 2))))
    (local.set $most (f32x4.splat (f32.const -inf)))
    (local.set $places (v128.const i32x4 0 1 2 3))
    (local.set $at (local.get $x))
    (loop $next                                 ;; scaled; what lies behind the last becomes -inf; the largest of each column
      (local.set $v (v128.bitselect
        (f32x4.mul (v128.load (local.get $at)) (f32x4.splat (local.get $scale)))
        (f32x4.splat (f32.const -inf))
        (i32x4.lt_s (local.get $places) (i32x4.splat (local.get $count)))))
      (v128.store (local.get $at) (local.get $v))
      (local.set $most (f32x4.max (local.get $most) (local.get $v)))
      (local.set $places (i32x4.add (local.get $places) (i32x4.splat (i32.const 4))))
      (br_if $next (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 16))) (local.get $end))))
    (local.set $most (f32x4.max (local.get $most) (call $halves (local.get $most))))
    (local.set $most (f32x4.max (local.get $most) (call $pairs (local.get $most))))
    (local.set $at (local.get $x))
    (loop $next                                 ;; e^(v - most); below e^-87, and for -inf, exactly 0
      (local.set $v (f32x4.sub (v128.load (local.get $at)) (local.get $most)))
      (local.set $v (v128.and (call $exp (local.get $v)) (f32x4.gt (local.get $v) (f32x4.splat (f32.const -87)))))
      (v128.store (local.get $at) (local.get $v))
      (local.set $sum (f32x4.add (local.get $sum) (local.get $v)))
      (br_if $next (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 16))) (local.get $end))))
    (local.set $sum (f32x4.add (local.get $sum) (call $halves (local.get $sum))))
    (local.set $sum (f32x4.add (local.get $sum) (call $pairs (local.get $sum))))
    (loop $next
      (v128.store (local.get $x) (f32x4.div (v128.load (local.get $x)) (local.get $sum)))
      (br_if $next (i32.lt_u (local.tee $x (i32.add (local.get $x) (i32.const 16))) (local.get $end)))))

  ;; 3rd 4th 1st 2nd, and 2nd 1st 4th 3rd: each number beside another one
  (func $halves (param $a v128) (result v128)
    (i8x16.shuffle 8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7 (local.get $a) (local.get $a)))
  (func $pairs (param $a v128) (result v128)
    (i8x16.shuffle 4 5 6 7 0 1 2 3 12 13 14 15 8 9 10 11 (local.get $a) (local.get $a)))

  ;; e^z = 2^n e^r with n the whole number nearest to z / ln 2, so that |r| < 0.35 and six terms are enough for float32
  ;; (coefficients: Moshier, Cephes, expf). z is kept within ±87, where 2^n is an ordinary float.
  (func $exp (param $z v128) (result v128)
    (local $n v128) (local $r v128)
    (local.set $z (f32x4.min (f32x4.splat (f32.const 87)) (f32x4.max (f32x4.splat (f32.const -87)) (local.get $z))))
    (local.set $n (f32x4.nearest (f32x4.mul (local.get $z) (f32x4.splat (f32.const 1.44269504)))))
    (local.set $r (f32x4.sub (f32x4.sub (local.get $z)                         ;; ln 2 in two parts: the first is exact
      (f32x4.mul (local.get $n) (f32x4.splat (f32.const 0.693359375))))
      (f32x4.mul (local.get $n) (f32x4.splat (f32.const -2.12194440e-4)))))
    (f32x4.mul
      (i32x4.shl (i32x4.add (i32x4.trunc_sat_f32x4_s (local.get $n)) (i32x4.splat (i32.const 127))) (i32.const 23))  ;; 2^n
      (call $step (local.get $r) (f32.const 1) (call $step (local.get $r) (f32.const 1)
      (call $step (local.get $r) (f32.const 0.5000000120) (call $step (local.get $r) (f32.const 0.1666666546)
      (call $step (local.get $r) (f32.const 0.0416657959) (call $step (local.get $r) (f32.const 0.0083334519)
      (call $step (local.get $r) (f32.const 0.0013981999) (f32x4.splat (f32.const 0.00019875692)))))))))))

  ;; one step of Horner's rule: c + r * sum
  (func $step (param $r v128) (param $c f32) (param $sum v128) (result v128)
    (f32x4.add (f32x4.splat (local.get $c)) (f32x4.mul (local.get $r) (local.get $sum)))))
