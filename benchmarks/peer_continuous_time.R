# Two processes in continuous time with OpenMx: Rscript peer_continuous_time.R FILE REPEATS
# FILE has the columns id, t, x, y. Prints one JSON object: seconds (of the processor, the median; data frame in memory
# to estimates with standard errors), −2 log-likelihood, drift by row.
suppressPackageStartupMessages(library(OpenMx))
arguments <- commandArgs(trailingOnly = TRUE)
rows <- read.csv(arguments[1])
mxOption(NULL, "Default optimizer", "CSOLNP")
shared <- list(
  mxMatrix("Full", 2, 2, TRUE, c(-0.5, 0, 0, -0.5), name = "A", labels = c("a11", "a21", "a12", "a22")),
  mxMatrix("Zero", 2, 1, name = "B"),
  mxMatrix("Iden", 2, 2, name = "C", dimnames = list(c("x", "y"), c("lx", "ly"))),
  mxMatrix("Full", 2, 1, TRUE, 0, name = "D", labels = c("mx", "my")),
  mxMatrix("Symm", 2, 2, TRUE, c(1, 0, 1), name = "Q", labels = c("q11", "q21", "q22"), lbound = c(1e-4, NA, 1e-4)),
  mxMatrix("Zero", 2, 2, name = "R"),
  mxMatrix("Full", 2, 1, TRUE, 0, name = "x0", labels = c("f1", "f2")),
  mxMatrix("Symm", 2, 2, TRUE, c(1, 0, 1), name = "P0", labels = c("p11", "p21", "p22"), lbound = c(1e-4, NA, 1e-4)),
  mxMatrix("Full", 1, 1, FALSE, 1, name = "u")
)
fit_all <- function() {
  parts <- lapply(unique(rows$id), function(person) {
    own <- rows[rows$id == person, ]
    mxModel(
      paste0("person", person), shared,
      mxMatrix("Full", 1, 1, name = "time", labels = "data.t"),
      mxData(own[c("t", "x", "y")], "raw"),
      mxExpectationStateSpaceContinuousTime("A", "B", "C", "D", "Q", "R", "x0", "P0", "u", t = "time"),
      mxFitFunctionML()
    )
  })
  names <- sapply(parts, function(part) part$name)
  mxRun(mxModel("everyone", parts, mxFitFunctionMultigroup(names)), silent = TRUE)
}
seconds <- numeric(0)
for (i in seq_len(as.integer(arguments[2]))) {
  begun <- sum(proc.time()[1:2])
  fit <- fit_all()
  seconds <- c(seconds, sum(proc.time()[1:2]) - begun)
}
drift <- coef(fit)[c("a11", "a12", "a21", "a22")]
cat(sprintf(
  '{"seconds": %.3f, "criterion": %.6f, "drift": [%s]}\n',
  median(seconds), fit$output$fit, paste(sprintf("%.8f", drift), collapse = ", ")
))
