# Reference values of lavaan: python cases.py FOLDER; Rscript lavaan.R FOLDER [CASE] > lavaan.json
# The optimiser's and the EM algorithm's tolerances are tightened.
suppressMessages(library(lavaan))
folder <- commandArgs(TRUE)[1]
number <- function(x) ifelse(is.finite(x), sprintf("%.12g", x), "null")
object <- function(names, values) paste0("{", paste0('"', names, '": ', values, collapse = ", "), "}")
tight <- function(...) suppressWarnings(lavaan(..., meanstructure = TRUE, int.ov.free = FALSE,
  missing = "ml", fixed.x = FALSE, em.h1.tol = 1e-9, em.h1.iter.max = 5000L,
  optim.force.converged = TRUE,
  control = list(rel.tol = 1e-14, iter.max = 20000, eval.max = 40000)))
indices <- c("chisq", "df", "pvalue", "cfi", "tli", "rmsea", "rmsea.ci.lower", "rmsea.ci.upper", "srmr")
scaled <- c("chisq.scaled", "pvalue.scaled", "cfi.scaled", "tli.scaled", "rmsea.scaled",
            "rmsea.ci.lower.scaled", "rmsea.ci.upper.scaled", "chisq.scaling.factor")
variances <- function(model, data) {
  # Known error variances are shares of the variances without a model.
  marks <- unique(regmatches(model, gregexpr("@[^@]*VAR\\([a-z0-9]*\\)@", model))[[1]])
  if (length(marks) == 0) return(model)
  columns <- setdiff(names(data), "arm")
  all <- unlist(lapply(seq_along(columns), function(i)
    c(paste(columns[i], "~1"), paste(columns[i], "~~", columns[i:length(columns)]))))
  h1 <- lavInspect(tight(paste(all, collapse = "\n"), data), "sampstat")$cov
  for (mark in marks) {
    share <- as.numeric(sub("@(.*)\\*VAR.*", "\\1", mark))
    column <- sub(".*VAR\\((.*)\\)@", "\\1", mark)
    model <- gsub(mark, sprintf("%.15g", share * h1[column, column]), model, fixed = TRUE)
  }
  model
}
out <- character(0)
only <- commandArgs(TRUE)[-1]
for (file in sort(list.files(folder, pattern = "[.]lav$"))) {
  stem <- sub("[.]lav$", "", file)
  if (length(only) && !(stem %in% only)) next
  data <- read.csv(file.path(folder, paste0(stem, ".csv")))
  model <- variances(paste(readLines(file.path(folder, file)), collapse = "\n"), data)
  names <- read.delim(file.path(folder, paste0(stem, ".names")), header = FALSE, quote = "")
  more <- if ("arm" %in% names(data)) list(group = "arm", group.label = c("a", "b")) else list()
  kinds <- list(expected = list(estimator = "ML", information = "expected"),
                observed = list(estimator = "ML", information = "observed"),
                robust = list(estimator = "MLR"))
  fits <- lapply(kinds, function(kind) do.call(tight, c(list(model, data), more, kind)))
  standard <- standardizedSolution(fits$observed)
  lags <- standard[standard$op == "~" & grepl("^w", standard$lhs) & grepl("^w", standard$rhs), ]
  groups <- if (length(more)) lags$group else rep(1, nrow(lags))
  standard <- if (nrow(lags) == 0) "{}" else
    object(paste(lags$lhs, lags$rhs, groups), sprintf("[%.10g, %.10g]", lags$est.std, lags$se))
  order <- match(names$V1, names(coef(fits$observed)))
  stopifnot(!anyNA(order), length(unique(names(coef(fits$observed)))) == nrow(names))
  errors <- sapply(fits, function(fit) object(names$V2, number(sqrt(diag(vcov(fit)))[names$V1])))
  measures <- c(fitMeasures(fits$observed, c("logl", "unrestricted.logl", "npar", indices)),
                fitMeasures(fits$robust, scaled))
  out <- c(out, paste0('"', gsub("_", " ", stem), '": {"estimates": ',
    object(names$V2, number(coef(fits$observed)[names$V1])), ', "standard_errors": ',
    object(names(errors), errors), ', "fit": ', object(names(measures), number(measures)),
    ', "standardised": ', standard, "}"))
}
cat("{", paste(out, collapse = ",\n"), ",\n", '"version": "lavaan ',
    as.character(packageVersion("lavaan")), '"}\n', sep = "")
