//! What the operators of torch do, by name: functions, methods and their in-place forms alike.

use Work::{Arith, Cast, Empty, Filled, Heavy, Host, Index, Math, Move, Order, Random, Reduce, View};

/// What an operator does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    /// Allocates memory that nobody wrote.
    Empty,
    /// Makes a tensor of what is known without any input.
    Filled,
    /// Draws numbers.
    Random,
    /// Another look at the same memory.
    View,
    /// The same values in another dtype or elsewhere.
    Cast,
    /// Brings values to the host.
    Host,
    /// Moves values.
    Move,
    /// Compares, counts and orders: what wrappers do with indices.
    Index,
    /// Scans, sorts.
    Order,
    /// Elementwise arithmetic.
    Arith,
    /// Elementwise functions.
    Math,
    /// Reductions.
    Reduce,
    /// What no wrapper does for anything but the result: products, activations, norms, losses.
    Heavy,
}

/// What the operator of a name does.
pub(crate) fn work(name: &str) -> Option<Work> {
    operator(name).map(|(_, work)| work)
}

/// The operator of a name, and what it does; none for names that torch's tensors do not have, or that compute nothing.
pub(crate) fn operator(name: &str) -> Option<(&'static str, Work)> {
    TABLE.binary_search_by(|(known, _)| (*known).cmp(name)).ok().map(|at| TABLE[at])
}

/// The operators by name, in order.
#[rustfmt::skip]
const TABLE: &[(&str, Work)] = &[
    ("H", View), ("T", View), ("__abs__", Arith), ("__add__", Arith), ("__array__", Host), ("__bool__", Host),
    ("__eq__", Index), ("__float__", Host), ("__ge__", Index), ("__getitem__", View), ("__gt__", Index),
    ("__iadd__", Arith), ("__imatmul__", Heavy), ("__imul__", Arith), ("__index__", Host), ("__int__", Host),
    ("__le__", Index), ("__lt__", Index), ("__matmul__", Heavy), ("__mul__", Arith), ("__ne__", Index),
    ("__neg__", Arith), ("__pow__", Arith), ("__radd__", Arith), ("__rmatmul__", Heavy), ("__rmul__", Arith),
    ("__rsub__", Arith), ("__rtruediv__", Arith), ("__setitem__", Move), ("__sub__", Arith),
    ("__truediv__", Arith), ("_addmm_activation", Heavy), ("_grouped_mm", Heavy), ("_int_mm", Heavy),
    ("_log_softmax", Heavy), ("_scaled_mm", Heavy), ("_softmax", Heavy), ("abs", Arith), ("abs_", Arith),
    ("absolute", Arith), ("acos", Math), ("acosh", Math), ("adaptive_avg_pool1d", Heavy),
    ("adaptive_avg_pool2d", Heavy), ("adaptive_avg_pool3d", Heavy), ("adaptive_max_pool1d", Heavy),
    ("adaptive_max_pool2d", Heavy), ("adaptive_max_pool3d", Heavy), ("add", Arith), ("add_", Arith),
    ("addbmm", Heavy), ("addcdiv", Arith), ("addcdiv_", Arith), ("addcmul", Arith), ("addcmul_", Arith),
    ("addmm", Heavy), ("addmm_", Heavy), ("addmv", Heavy), ("addr", Heavy), ("adjoint", View),
    ("affine_grid", Heavy), ("alias", View), ("all", Index), ("allclose", Index), ("alpha_dropout", Heavy),
    ("amax", Reduce), ("amin", Reduce), ("aminmax", Reduce), ("angle", Math), ("any", Index),
    ("arange", Filled), ("argmax", Order), ("argmin", Order), ("argsort", Index), ("argwhere", Index),
    ("as_strided", View), ("as_tensor", Filled), ("asarray", Filled), ("asin", Math), ("asinh", Math),
    ("atan", Math), ("atan2", Math), ("atanh", Math), ("atleast_1d", View), ("atleast_2d", View),
    ("atleast_3d", View), ("avg_pool1d", Heavy), ("avg_pool2d", Heavy), ("avg_pool3d", Heavy),
    ("baddbmm", Heavy), ("batch_norm", Heavy), ("bernoulli", Random), ("bernoulli_", Random),
    ("bfloat", Cast), ("bfloat16", Cast), ("bilinear", Heavy), ("binary_cross_entropy", Heavy),
    ("binary_cross_entropy_with_logits", Heavy), ("bincount", Index), ("bitwise_and", Index),
    ("bitwise_not", Index), ("bitwise_or", Index), ("bitwise_xor", Index), ("blackman_window", Filled),
    ("block_diag", Move), ("bmm", Heavy), ("bool", Cast), ("broadcast_tensors", View), ("broadcast_to", View),
    ("bucketize", Index), ("byte", Cast), ("cartesian_prod", Filled), ("cat", Move), ("cauchy_", Random),
    ("cdist", Heavy), ("cdouble", Cast), ("ceil", Math), ("celu", Heavy), ("celu_", Heavy), ("cfloat", Cast),
    ("chain_matmul", Heavy), ("channel_shuffle", Heavy), ("char", Cast), ("cholesky", Heavy),
    ("cholesky_solve", Heavy), ("chunk", View), ("clamp", Arith), ("clamp_", Arith), ("clamp_max", Arith),
    ("clamp_max_", Arith), ("clamp_min", Arith), ("clamp_min_", Arith), ("clip", Arith), ("clip_", Arith),
    ("clone", Move), ("col2im", Heavy), ("column_stack", Move), ("combinations", Index), ("concat", Move),
    ("concatenate", Move), ("constant_pad_nd", Move), ("contiguous", View), ("conv1d", Heavy),
    ("conv2d", Heavy), ("conv3d", Heavy), ("conv_transpose1d", Heavy), ("conv_transpose2d", Heavy),
    ("conv_transpose3d", Heavy), ("convolution", Heavy), ("copy", Move), ("copy_", Move), ("copysign", Arith),
    ("corrcoef", Heavy), ("cos", Math), ("cos_", Math), ("cosh", Math), ("cosine_embedding_loss", Heavy),
    ("cosine_similarity", Heavy), ("count_nonzero", Index), ("cov", Heavy), ("cpu", Host), ("cross", Heavy),
    ("cross_entropy", Heavy), ("ctc_loss", Heavy), ("cuda", Cast), ("cummax", Index), ("cummin", Index),
    ("cumprod", Order), ("cumprod_", Order), ("cumsum", Order), ("cumsum_", Order),
    ("cumulative_trapezoid", Heavy), ("data", View), ("deepcopy", Move), ("deg2rad", Math), ("det", Heavy),
    ("detach", View), ("detach_", View), ("diag", Move), ("diag_embed", Move), ("diagonal", View),
    ("diff", Heavy), ("digamma", Math), ("dist", Reduce), ("div", Arith), ("div_", Arith), ("divide", Arith),
    ("divide_", Arith), ("dot", Heavy), ("double", Cast), ("dropout", Heavy), ("dropout_", Heavy),
    ("dsplit", View), ("dstack", Move), ("einsum", Heavy), ("elu", Heavy), ("elu_", Heavy),
    ("embedding", Heavy), ("embedding_bag", Heavy), ("embedding_renorm_", Heavy), ("empty", Empty),
    ("empty_like", Empty), ("empty_permuted", Empty), ("empty_strided", Empty), ("eq", Index),
    ("equal", Index), ("erf", Math), ("erfc", Math), ("erfinv", Math), ("exp", Math), ("exp2", Math),
    ("exp_", Math), ("expand", View), ("expand_as", View), ("expm1", Math), ("exponential_", Random),
    ("eye", Filled), ("fake_quantize_per_channel_affine", Heavy), ("fake_quantize_per_tensor_affine", Heavy),
    ("feature_dropout", Heavy), ("fft", Heavy), ("fft2", Heavy), ("fill_", Move), ("fill_diagonal_", Move),
    ("flatten", View), ("flex_attention", Heavy), ("flip", Move), ("fliplr", Move), ("flipud", Move),
    ("float", Cast), ("float8", Cast), ("float_power", Arith), ("floor", Math), ("floor_divide", Arith),
    ("fmax", Arith), ("fmin", Arith), ("fmod", Arith), ("fold", Heavy), ("frac", Math),
    ("from_numpy", Filled), ("frombuffer", Filled), ("full", Filled), ("full_like", Filled), ("gather", Move),
    ("gaussian_nll_loss", Heavy), ("ge", Index), ("gelu", Heavy), ("geometric_", Random), ("ger", Heavy),
    ("glu", Heavy), ("gradient", Heavy), ("grid_sample", Heavy), ("group_norm", Heavy), ("grouped_mm", Heavy),
    ("gru", Heavy), ("gru_cell", Heavy), ("gt", Index), ("gumbel_softmax", Heavy), ("half", Cast),
    ("hamming_window", Filled), ("hann_window", Filled), ("hardshrink", Heavy), ("hardsigmoid", Heavy),
    ("hardswish", Heavy), ("hardtanh", Heavy), ("heaviside", Arith), ("hinge_embedding_loss", Heavy),
    ("histc", Index), ("histogram", Order), ("hsplit", View), ("hspmm", Heavy), ("hstack", Move),
    ("huber_loss", Heavy), ("hypot", Arith), ("i0", Math), ("iadd", Arith), ("ifft", Heavy),
    ("im2col", Heavy), ("imag", View), ("imatmul", Heavy), ("imul", Arith), ("index_add", Arith),
    ("index_add_", Arith), ("index_copy", Move), ("index_copy_", Move), ("index_fill", Move),
    ("index_fill_", Move), ("index_put", Move), ("index_put_", Move), ("index_select", Move),
    ("inner", Heavy), ("instance_norm", Heavy), ("int", Cast), ("interpolate", Heavy), ("inverse", Heavy),
    ("irfft", Heavy), ("is_nonzero", Index), ("isclose", Index), ("isfinite", Index), ("isin", Index),
    ("isinf", Index), ("isnan", Index), ("isneginf", Index), ("isposinf", Index), ("istft", Heavy),
    ("isub", Arith), ("item", Host), ("itruediv", Arith), ("kaiming_normal_", Random),
    ("kaiming_uniform_", Random), ("kl_div", Heavy), ("kron", Heavy), ("kthvalue", Order), ("l1_loss", Heavy),
    ("layer_norm", Heavy), ("ldexp", Arith), ("le", Index), ("leaky_relu", Heavy), ("leaky_relu_", Heavy),
    ("lerp", Arith), ("lerp_", Arith), ("lgamma", Math), ("lift", View), ("linear", Heavy),
    ("linspace", Filled), ("local_response_norm", Heavy), ("log", Math), ("log10", Math), ("log1p", Math),
    ("log2", Math), ("log_", Math), ("log_normal_", Random), ("log_sigmoid", Heavy), ("log_softmax", Heavy),
    ("logaddexp", Math), ("logaddexp2", Math), ("logcumsumexp", Order), ("logdet", Heavy),
    ("logical_and", Index), ("logical_not", Index), ("logical_or", Index), ("logical_xor", Index),
    ("logit", Math), ("logsigmoid", Heavy), ("logspace", Filled), ("logsumexp", Reduce), ("long", Cast),
    ("lp_pool1d", Heavy), ("lp_pool2d", Heavy), ("lstm", Heavy), ("lstm_cell", Heavy), ("lstsq", Heavy),
    ("lt", Index), ("lu_solve", Heavy), ("mH", View), ("mT", View), ("margin_ranking_loss", Heavy),
    ("masked_fill", Arith), ("masked_fill_", Arith), ("masked_scatter", Move), ("masked_scatter_", Move),
    ("masked_select", Move), ("matmul", Heavy), ("matrix_exp", Heavy), ("matrix_norm", Heavy),
    ("matrix_power", Heavy), ("max", Reduce), ("max_pool1d", Heavy), ("max_pool2d", Heavy),
    ("max_pool3d", Heavy), ("max_unpool2d", Heavy), ("maximum", Arith), ("mean", Reduce), ("median", Reduce),
    ("meshgrid", Filled), ("min", Reduce), ("minimum", Arith), ("mish", Heavy), ("mm", Heavy),
    ("mode", Reduce), ("moveaxis", View), ("movedim", View), ("mse_loss", Heavy), ("msort", Order),
    ("mul", Arith), ("mul_", Arith), ("multi_dot", Heavy), ("multi_head_attention_forward", Heavy),
    ("multinomial", Random), ("multiply", Arith), ("multiply_", Arith), ("mv", Heavy), ("nan_to_num", Arith),
    ("nanmean", Reduce), ("nanmedian", Reduce), ("nanquantile", Reduce), ("nansum", Reduce), ("narrow", View),
    ("narrow_copy", Move), ("native_batch_norm", Heavy), ("native_dropout", Heavy),
    ("native_group_norm", Heavy), ("native_layer_norm", Heavy), ("ne", Index), ("neg", Arith),
    ("neg_", Arith), ("negative", Arith), ("new_empty", Empty), ("new_empty_strided", Empty),
    ("new_full", Filled), ("new_ones", Filled), ("new_tensor", Filled), ("new_zeros", Filled),
    ("nextafter", Arith), ("nll_loss", Heavy), ("nonzero", Index), ("norm", Reduce),
    ("norm_except_dim", Reduce), ("normal", Random), ("normal_", Random), ("normalize", Heavy),
    ("numpy", Host), ("one_hot", Index), ("ones", Filled), ("ones_like", Filled), ("outer", Heavy),
    ("pad", Move), ("pairwise_distance", Heavy), ("pdist", Heavy), ("permute", View), ("pin_memory", View),
    ("pinverse", Heavy), ("pixel_shuffle", Heavy), ("pixel_unshuffle", Heavy), ("poisson", Random),
    ("poisson_nll_loss", Heavy), ("polar", Math), ("positive", View), ("pow", Arith), ("pow_", Arith),
    ("prelu", Heavy), ("prod", Reduce), ("put_", Move), ("qr", Heavy), ("quantile", Reduce),
    ("quantize_per_channel", Heavy), ("quantize_per_tensor", Heavy), ("rad2deg", Math), ("rand", Random),
    ("rand_like", Random), ("randint", Random), ("randint_like", Random), ("randn", Random),
    ("randn_like", Random), ("random_", Random), ("randperm", Random), ("range", Filled), ("ravel", View),
    ("real", View), ("rearrange", View), ("reciprocal", Arith), ("reciprocal_", Arith),
    ("record_stream", View), ("refine_names", View), ("relu", Heavy), ("relu6", Heavy), ("relu_", Heavy),
    ("remainder", Arith), ("rename", View), ("renorm", Heavy), ("repeat", Move), ("repeat_interleave", Move),
    ("requires_grad_", View), ("reshape", View), ("reshape_as", View), ("resize_", View),
    ("resolve_conj", Move), ("resolve_neg", Move), ("retain_grad", View), ("rfft", Heavy),
    ("rms_norm", Heavy), ("rnn_relu", Heavy), ("rnn_tanh", Heavy), ("roll", Move), ("rope", Heavy),
    ("rot90", Move), ("round", Math), ("round_", Math), ("row_stack", Move), ("rrelu", Heavy),
    ("rsqrt", Math), ("rsqrt_", Math), ("rsub", Arith), ("scalar_tensor", Filled),
    ("scaled_dot_product_attention", Heavy), ("scaled_mm", Heavy), ("scatter", Move), ("scatter_", Move),
    ("scatter_add", Arith), ("scatter_add_", Arith), ("scatter_reduce", Arith), ("scatter_reduce_", Arith),
    ("searchsorted", Index), ("segment_reduce", Reduce), ("select", View), ("selu", Heavy), ("selu_", Heavy),
    ("set_", View), ("sgn", Arith), ("share_memory_", View), ("short", Cast), ("sigmoid", Heavy),
    ("sigmoid_", Heavy), ("sign", Arith), ("silu", Heavy), ("silu_", Heavy), ("sin", Math), ("sin_", Math),
    ("sinc", Math), ("sinh", Math), ("slice_scatter", View), ("slogdet", Heavy), ("smm", Heavy),
    ("smooth_l1_loss", Heavy), ("soft_margin_loss", Heavy), ("softmax", Heavy), ("softmax_", Heavy),
    ("softmin", Heavy), ("softplus", Heavy), ("softshrink", Heavy), ("softsign", Heavy), ("sort", Order),
    ("sparse_mm", Heavy), ("split", View), ("sqrt", Math), ("sqrt_", Math), ("square", Arith),
    ("square_", Arith), ("square_sum", Heavy), ("squeeze", View), ("squeeze_", View), ("sspaddmm", Heavy),
    ("stack", Move), ("std", Reduce), ("std_mean", Reduce), ("stft", Heavy), ("sub", Arith), ("sub_", Arith),
    ("subtract", Arith), ("subtract_", Arith), ("sum", Reduce), ("svd", Heavy), ("swap", Move),
    ("swapaxes", View), ("swapdims", View), ("swish", Heavy), ("t", View), ("t_", View), ("take", Move),
    ("take_along_dim", Move), ("tan", Math), ("tanh", Heavy), ("tanh_", Heavy), ("tanhshrink", Heavy),
    ("tensor", Filled), ("tensor_split", View), ("tensordot", Heavy), ("threshold", Heavy), ("tile", Move),
    ("to", Cast), ("tolist", Host), ("topk", Index), ("trace", Reduce), ("transpose", View),
    ("transpose_", View), ("trapezoid", Heavy), ("trapz", Heavy), ("tril", Move), ("tril_", Move),
    ("tril_indices", Filled), ("triplet_margin_loss", Heavy), ("triu", Move), ("triu_", Move),
    ("triu_indices", Filled), ("true_divide", Arith), ("truediv", Arith), ("trunc", Math),
    ("trunc_normal_", Random), ("type", Cast), ("type_as", Cast), ("unbind", View), ("unflatten", View),
    ("unfold", View), ("uniform_", Random), ("unique", Index), ("unique_consecutive", Index),
    ("unsqueeze", View), ("unsqueeze_", View), ("upsample", Heavy), ("vander", Heavy), ("var", Reduce),
    ("var_mean", Reduce), ("vdot", Heavy), ("vector_norm", Heavy), ("view", View), ("view_as", View),
    ("view_as_complex", View), ("view_as_real", View), ("vsplit", View), ("vstack", Move), ("where", Arith),
    ("xavier_normal_", Random), ("xavier_uniform_", Random), ("xlogy", Math), ("zero_", Move),
    ("zeros", Filled), ("zeros_like", Filled),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_operators_are_in_order() {
        assert!(TABLE.is_sorted_by(|one, other| one.0 < other.0));
        assert_eq!(operator("softmax"), Some(("softmax", Heavy)));
        assert_eq!(operator("stride"), None);
    }
}
