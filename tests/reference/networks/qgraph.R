# Reference values of qgraph and glasso: Rscript qgraph.R FOLDER > qgraph.json
# FOLDER holds the files that `python cases.py FOLDER` writes.
# EBICglasso has no way to tighten glasso's tolerance of 1e-4, so its path is run again by glassopath
# with 1e-11: `edges` and `criteria` are of that one, `program_*` of EBICglasso itself.
suppressMessages({library(qgraph); library(glasso)})
folder <- commandArgs(TRUE)[1]
number <- function(x) paste0("[", paste(sprintf("%.12g", x), collapse = ", "), "]")
settings <- list(
  list("chain", 0.5, "pearson"), list("chain", 0, "pearson"), list("chain", 0.5, "spearman"),
  list("factor", 0.5, "pearson"), list("factor", 0, "pearson"), list("factor", 0.25, "spearman"))
out <- character(0)
for (s in settings) {
  data <- read.csv(file.path(folder, paste0(s[[1]], ".csv")))
  S <- cor(data, method = s[[3]])
  n <- nrow(data)
  k <- ncol(data)
  fit <- suppressWarnings(suppressMessages(EBICglasso(
    S, n = n, gamma = s[[2]], returnAllResults = TRUE)))
  path <- glassopath(S, fit$lambda, trace = 0, penalize.diagonal = FALSE, thr = 1e-11, maxit = 1e6)
  criteria <- sapply(seq_along(fit$lambda), function(i) {
    K <- path$wi[, , i]
    edges <- sum(K[lower.tri(K)] != 0)
    -n * (determinant(K)$modulus - sum(diag(K %*% S))) + edges * (log(n) + 4 * s[[2]] * log(k))
  })
  K <- path$wi[, , which.min(criteria)]
  net <- -cov2cor((K + t(K)) / 2)
  upper <- upper.tri(net)
  out <- c(out, paste0(
    '{"data": "', s[[1]], '", "gamma": ', s[[2]], ', "method": "', s[[3]],
    '", "penalty": ', sprintf("%.12g", fit$lambda[which.min(criteria)]),
    ', "edges": ', number(net[upper] + 0), ', "penalties": ', number(fit$lambda),
    ', "criteria": ', number(criteria),
    ', "program_penalty": ', sprintf("%.12g", fit$lambda[which.min(fit$ebic)]),
    ', "program_edges": ', number(fit$optnet[upper] + 0), '}'))
}
cat('{"program": "qgraph ', as.character(packageVersion("qgraph")), ', glasso ',
    as.character(packageVersion("glasso")), ', R ', as.character(getRversion()),
    '",\n "fits": [\n', paste(out, collapse = ",\n"), "\n]}\n", sep = "")
