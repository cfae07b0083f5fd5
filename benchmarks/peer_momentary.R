# Momentary data with nlme and lme4: Rscript peer_momentary.R FOLDER REPEATS
# FOLDER holds reactions.csv and pairs.csv. Prints one JSON object: median seconds, fixed effects.
suppressPackageStartupMessages({library(lme4); library(nlme)})
arguments <- commandArgs(trailingOnly = TRUE)
repeats <- as.integer(arguments[2])
reactions <- read.csv(file.path(arguments[1], "reactions.csv"))
pairs <- read.csv(file.path(arguments[1], "pairs.csv"))
names_ <- sub("^now_", "", grep("^now_", names(pairs), value = TRUE))
control <- lmeControl(maxIter = 200, msMaxIter = 500, returnObject = TRUE)
few <- lmerControl(calc.derivs = FALSE, check.conv.singular = "ignore")

reactivity <- function() {
  fit <- lme(affect ~ within + between, reactions, random = ~ 1 + within | person,
             correlation = corCAR1(0.3, form = ~ hours | person / day), control = control)
  fixef(fit)
}

independent <- function(terms) paste0("(0 + ", terms, " | person)", collapse = " + ")

network <- function() {
  first <- lapply(names_, function(one) {
    lags <- paste0("lag_", names_)
    means <- paste0("mean_", setdiff(names_, one))
    lmer(as.formula(paste0("now_", one, " ~ ", paste(c(lags, means), collapse = " + "),
                           " + (1 | person) + ", independent(lags))),
         pairs, REML = FALSE, control = few)
  })
  left <- as.data.frame(lapply(first, residuals))
  names(left) <- paste0("left_", names_)
  left$person <- pairs$person
  second <- lapply(names_, function(one) {
    others <- paste0("left_", setdiff(names_, one))
    lmer(as.formula(paste0("left_", one, " ~ 0 + ", paste(others, collapse = " + "), " + ",
                           independent(others))), left, REML = FALSE, control = few)
  })
  c(sapply(first, function(fit) fixef(fit)[paste0("lag_", names_)]))
}

works <- list(reactivity = reactivity, network = network)
parts <- sapply(names(works), function(name) {
  seconds <- numeric(0)
  for (i in seq_len(repeats)) {
    begun <- proc.time()[["elapsed"]]
    found <- suppressMessages(works[[name]]())
    seconds <- c(seconds, proc.time()[["elapsed"]] - begun)
  }
  sprintf('"%s": {"seconds": %.4f, "fixed": [%s]}', name, median(seconds),
          paste(sprintf("%.9f", found), collapse = ", "))
})
cat(sprintf('{%s, "version": "lme4 %s, nlme %s"}\n', paste(parts, collapse = ", "),
            as.character(packageVersion("lme4")), as.character(packageVersion("nlme"))))
