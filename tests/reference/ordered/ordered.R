# Reference values of lavaan: python cases.py FOLDER; Rscript ordered.R FOLDER > ordered.json
suppressMessages(library(lavaan))
folder <- commandArgs(TRUE)[1]
measures <- c("npar", "chisq", "df", "pvalue", "cfi", "tli", "rmsea", "srmr", "chisq.scaled",
              "pvalue.scaled", "cfi.scaled", "tli.scaled", "rmsea.scaled", "rmsea.ci.lower.scaled",
              "rmsea.ci.upper.scaled", "chisq.scaling.factor", "baseline.chisq",
              "baseline.chisq.scaled")
number <- function(x) ifelse(is.finite(x), sprintf("%.12g", x), "null")
object <- function(names, values) paste0("{", paste0('"', names, '": ', values, collapse = ", "), "}")
steps <- c("configural", "thresholds", "metric", "scalar")
told <- c()
cases <- sub(".csv$", "", list.files(folder, "csv$"))
for (case in cases) {
  data <- read.csv(file.path(folder, paste0(case, ".csv")))
  items <- setdiff(names(data), "site")
  group <- if (length(unique(data$site)) > 1) "site" else NULL
  lines <- c()
  before <- NULL
  for (step in steps) {
    path <- file.path(folder, paste0(case, "-", step))
    if (!file.exists(paste0(path, ".lav"))) next
    fit <- cfa(paste(readLines(paste0(path, ".lav")), collapse = "\n"), data, ordered = items,
               estimator = "WLSMV", parameterization = "delta", group = group,
               missing = if (anyNA(data)) "pairwise" else "listwise", auto.fix.first = FALSE,
               optim.force.converged = TRUE, optim.attempts = 1L, control = list(
                 eval.max = 20000L, iter.max = 10000L, step.min = 1, step.max = 1,
                 abs.tol = 1e-18, rel.tol = 1e-13, x.tol = 1e-12, xf.tol = 2.2e-14))
    table <- parTable(fit)
    names <- read.delim(paste0(path, ".names"), header = FALSE, quote = "")
    at <- match(names$V1, table$label)
    fits <- fitMeasures(fit)[measures]
    parts <- c(object(names$V2, number(table$est[at])), object(names$V2, number(table$se[at])),
               object(measures, number(fits)))
    keys <- c("estimates", "standard_errors", "fit")
    if (!is.null(before)) {
      test <- lavTestLRT(before, fit)
      parts <- c(parts, object(c("chi_square", "df", "p"),
                               number(c(test[2, "Chisq diff"], test[2, "Df diff"],
                                        test[2, "Pr(>Chisq)"]))))
      keys <- c(keys, "difference")
    }
    if (step == "configural") {
      parts <- c(parts, paste0("[", paste(number(diag(lavInspect(fit, "gamma", drop.list.single.group = FALSE)[[1]])), collapse = ", "), "]"))
      keys <- c(keys, "variances")
    }
    lines <- c(lines, paste0('"', step, '": ', object(keys, parts)))
    before <- fit
  }
  told <- c(told, paste0('"', case, '": {', paste(lines, collapse = ",\n  "), "}"))
}
told <- c(told, paste0('"version": "lavaan ', as.character(packageVersion("lavaan")), '"'))
cat("{", paste(told, collapse = ",\n"), "}\n", sep = "")
