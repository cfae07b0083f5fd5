# Reference values of lavaan: python cases.py FOLDER; Rscript invariance.R FOLDER > invariance.json
suppressMessages(library(lavaan))
folder <- commandArgs(TRUE)[1]
measures <- c("logl", "npar", "chisq", "df", "cfi", "rmsea", "srmr", "chisq.scaling.factor",
              "cfi.scaled", "rmsea.scaled")
told <- function(fit) {
  found <- fitMeasures(fit, measures)
  paste0("{", paste0('"', names(found), '": ', sprintf("%.12g", found), collapse = ", "), "}")
}
fitted <- function(...) cfa(..., missing = "ml", estimator = "MLR", em.h1.tol = 1e-9,
  em.h1.iter.max = 5000L, optim.force.converged = TRUE, control = list(rel.tol = 1e-12))

# Two sites.
data <- read.csv(file.path(folder, "items.csv"))
steps <- list(configural = "", metric = "loadings", scalar = c("loadings", "intercepts"),
              strict = c("loadings", "intercepts", "residuals"))
sites <- sapply(steps, function(equal) told(fitted("f =~ i1 + i2 + i3 + i4 + i5", data,
                                                   group = "site", group.equal = equal)))

# Three occasions: residuals of an item go together; labels hold loadings and intercepts equal.
data <- read.csv(file.path(folder, "items_by_occasion.csv"))
over_time <- function(loadings, intercepts, residuals = FALSE) {
  lines <- c()
  for (t in 0:2) {
    at <- function(stem, equal, j) paste0(stem, j, if (equal) "" else paste0("_", t))
    parts <- sapply(2:4, function(j) paste0(at("l", loadings, j), "*i", j, "_", t))
    lines <- c(lines, paste0("f", t, " =~ 1*i1_", t, " + ", paste(parts, collapse = " + ")),
               paste0("i1_", t, " ~ 0*1"), paste0("f", t, " ~ 1"),
               sapply(2:4, function(j) paste0("i", j, "_", t, " ~ ", at("t", intercepts, j), "*1")),
               sapply(1:4, function(j) paste0("i", j, "_", t, " ~~ ", at("r", residuals, j), "*i", j, "_", t)))
  }
  for (j in 1:4) lines <- c(lines, paste0("i", j, "_0 ~~ i", j, "_1 + i", j, "_2"),
                            paste0("i", j, "_1 ~~ i", j, "_2"))
  told(fitted(paste(lines, collapse = "\n"), data))
}
times <- c(configural = over_time(FALSE, FALSE), metric = over_time(TRUE, FALSE),
           scalar = over_time(TRUE, TRUE), strict = over_time(TRUE, TRUE, TRUE))

object <- function(found) paste0("{", paste0('"', names(found), '": ', found, collapse = ",\n "), "}")
cat('{"sites": ', object(sites), ',\n"occasions": ', object(times), ',\n"version": "lavaan ',
    as.character(packageVersion("lavaan")), '"}\n', sep = "")
